"""`triage sign`: who vouches for a model."""

from pathlib import Path

import rich_click as click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.cli.common import USAGE, fail
from gateway.data_folder import write_secret
from routing.triage.model import publishing, signatures
from routing.triage.model.signatures import KeyUnusable


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="A private key (Ed25519, PEM). Where there is none yet, one is made, its public half beside it.",
)
@click.option("--throw-away", type=click.Path(path_type=Path, dir_okay=False), default=None, metavar="PUBLIC",
              help="Make a key, write its public half to PUBLIC, and forget the private one.")  # fmt: skip
def sign(folder: Path, key: Path | None, throw_away: Path | None) -> None:
    """Sign the manifest in a model's FOLDER, which holds the hash of every other file there.

    Who trusts the public half (`triage.model.trusted_key_files`) then takes the model.
    """
    if (key is None) == (throw_away is None):
        fail("give --key or --throw-away", USAGE)
    try:
        private = _private_key(key) if key else Ed25519PrivateKey.generate()
        publishing.sign_folder(folder, private)
        if throw_away:
            throw_away.write_bytes(signatures.public_pem(private))
    except (OSError, KeyUnusable) as error:
        fail(str(error), USAGE)
    click.echo(f"{folder.parent.name}/{folder.name} is signed by {signatures.key_id(private.public_key())}")


def _private_key(file: Path) -> Ed25519PrivateKey:
    if file.exists():
        return signatures.read_private_key(file)
    made = Ed25519PrivateKey.generate()
    write_secret(file, signatures.private_pem(made), replace=False)
    file.with_suffix(".pub.pem").write_bytes(signatures.public_pem(made))
    return made
