"""`crossdock send`: files and folders of any size, in requests within the limits, resumable."""
