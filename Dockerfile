# One image for every process; the command says which: up, gateway, router or delivery.
FROM python:3.11-slim
WORKDIR /app
COPY constraints.txt pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes -r constraints.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home crossdock && mkdir /data /broker && chown crossdock /data /broker
USER crossdock
VOLUME /data
ENV CROSSDOCK_DATA=/data
ENTRYPOINT ["crossdock"]
CMD ["up"]
