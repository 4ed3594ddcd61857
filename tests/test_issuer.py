"""Tokens of the local issuer: their claims, their keys, and what a foreign key makes of them."""

import json
import stat
import time

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError
from joserfc.jwk import KeySet

from gateway.data_folder import DataFolder
from gateway.issuer import ISSUER, make_issuer, mint


def published_keys(folder):
    return KeySet.import_key_set(json.loads(folder.jwks.read_bytes()))


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "crossdock")
    make_issuer(folder)
    return folder


def test_token_says_who_may_do_what_for_how_long_and_the_published_keys_confirm_it(folder):
    before = int(time.time())
    token = jwt.decode(mint(folder, "admin", ["events:read", "admin"], 60), published_keys(folder), ["ES256"])
    after = int(time.time())
    assert token.header["alg"] == "ES256"
    assert token.header["kid"] == json.loads(folder.jwks.read_bytes())["keys"][0]["kid"]
    claims = token.claims
    assert claims["iss"] == ISSUER == "crossdock-local"
    assert claims["aud"] == "crossdock"
    assert claims["sub"] == claims["client_id"] == "admin"
    assert claims["scope"] == "events:read admin"
    assert before <= claims["iat"] == claims["nbf"] <= after
    assert claims["exp"] == claims["iat"] + 60
    assert claims["jti"]


def test_two_tokens_of_one_second_have_ids_of_their_own(folder):
    ids = {
        jwt.decode(mint(folder, "admin", ["admin"]), published_keys(folder), ["ES256"]).claims["jti"]
        for _ in range(2)
    }
    assert len(ids) == 2


def test_token_whose_time_is_over_is_recognised(folder):
    token = jwt.decode(mint(folder, "admin", ["admin"], -1), published_keys(folder), ["ES256"])
    with pytest.raises(ExpiredTokenError):
        jwt.JWTClaimsRegistry().validate(token.claims)


def test_token_of_another_installation_does_not_verify(folder, tmp_path):
    foreign = mint(DataFolder(tmp_path / "other"), "admin", ["admin"])
    own_key = next(iter(published_keys(folder)))
    with pytest.raises(BadSignatureError):
        jwt.decode(foreign, own_key, ["ES256"])


def test_keys_are_made_once_and_the_private_one_is_never_published(folder):
    private, published = folder.issuer_key.read_bytes(), folder.jwks.read_bytes()
    make_issuer(DataFolder(folder.path))
    assert (folder.issuer_key.read_bytes(), folder.jwks.read_bytes()) == (private, published)
    assert stat.S_IMODE(folder.issuer_key.stat().st_mode) == 0o600
    assert "d" in json.loads(private)
    assert all("d" not in key for key in json.loads(published)["keys"])
