"""Settings from TOML files and the environment; what is wrong is said with file and key."""

import pytest

from gateway.settings import SettingsError, lint, load


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def fault_of(place, environ=None):
    with pytest.raises(SettingsError) as caught:
        load(place, environ or {})
    return str(caught.value)


def test_defaults_have_the_demo_sources_and_a_client_for_each():
    settings = load(None, {})
    assert {name: source.system for name, source in settings.sources.items()} == {
        "pos-demo": "pos",
        "wms-demo": "wms",
        "erp-demo": "erp",
        "canonical-demo": "canonical",
    }
    assert set(settings.clients) == {*settings.sources, "admin"}
    for name in settings.sources:
        assert settings.clients[name].sources == (name,)
        assert set(settings.clients[name].scopes) == {"events:write", "events:read"}
    assert settings.clients["admin"].sources == ("*",)
    assert "admin" in settings.clients["admin"].scopes
    assert lint(settings) == []


def test_default_of_each_file_stands_in_for_the_one_that_is_missing(tmp_path):
    settings = load(write(tmp_path, crossdock="[http]\nport = 9000\n"), {})
    assert settings.http.port == 9000
    assert "pos-demo" in settings.sources
    assert settings.owners_file.name == "owners.toml"
    (tmp_path / "owners.toml").touch()
    assert load(tmp_path / "crossdock.toml", {}).owners_file == tmp_path / "owners.toml"


def test_demo_clients_vanish_with_the_demo_sources(tmp_path):
    settings = load(write(tmp_path, sources='[sources.pos-north]\nsystem = "pos"\n'), {})
    assert set(settings.clients) == {"admin"}
    assert lint(settings) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("crossdock", "[http]\nprot = 1", "unknown field `prot` - at `$.http`"),
        ("crossdock", "[htp]\nport = 1", "unknown field `htp` - at `$`"),
        ("crossdock", "[http]\nport = '1'", "expected `int`, got `str` - at `$.http.port`"),
        ("crossdock", "[http]\nport = 70000", "expected `int` <= 65535 - at `$.http.port`"),
        ("crossdock", "[broker.streams]\nreplica = 3", "unknown field `replica` - at `$.broker.streams`"),
        ("crossdock", "[log]\nlevel = 'loud'", "invalid enum value 'loud' - at `$.log.level`"),
        (
            "crossdock",
            "[auth]\nalgorithms = ['none']",
            "invalid enum value 'none' - at `$.auth.algorithms[0]`",
        ),
        (
            "crossdock",
            "[auth]\nalgorithms = ['HS256']",
            "invalid enum value 'HS256' - at `$.auth.algorithms[0]`",
        ),
        (
            "crossdock",
            "[auth]\nissuer = 'https://issuer.example'",
            "an `issuer` needs `jwks_file` or `jwks_url`, and not both - at `$.auth`",
        ),
        (
            "crossdock",
            "[http]\ntls_key_file = 'key.pem'",
            "`tls_certificate_file` and `tls_key_file` go together - at `$.http`",
        ),
        (
            "crossdock",
            "[clients.till]\nscopes = ['events:wriet']",
            "invalid enum value 'events:wriet' - at `$.clients.till.scopes[0]`",
        ),
        (
            "crossdock",
            "[clients.Till]\nscopes = []",
            "`Till` is no name; lower-case letters, digits and hyphens are - at `$.clients`",
        ),
        ("crossdock", "clients.till = 3", "expected `object`, got `int` - at `$.clients.till`"),
        ("sources", "[sources.a]\nsystm = 'pos'", "unknown field `systm` - at `$.sources.a`"),
        ("sources", "[sources.a]", "missing required field `system` - at `$.sources.a`"),
        (
            "sources",
            "[sources.a]\nsystem = 'pos'\ntime_zone = 'Mars/Base'",
            "`Mars/Base` is not an IANA time zone - at `$.sources.a`",
        ),
        (
            "sources",
            "[sources.a]\nsystem = 'pos'\nwebhook_secret_files = ['1', '2', '3']",
            "expected `array` of length <= 2 - at `$.sources.a.webhook_secret_files`",
        ),
    ],
)
def test_wrong_setting_is_named_with_its_file_and_key(tmp_path, file, text, fault):
    assert fault_of(write(tmp_path, **{file: text})) == f"{file}.toml: {fault}"


def test_file_that_is_not_toml_is_named_with_the_line(tmp_path):
    place = write(tmp_path, crossdock="[http]\nport = \n")
    assert fault_of(place).startswith("crossdock.toml: this is not TOML: Invalid value (at line 2")


def test_place_that_is_not_there_is_no_reason_to_run_on_defaults(tmp_path):
    assert fault_of(tmp_path / "crossdock.toml").endswith("crossdock.toml: there is no such file or folder")


def test_password_in_the_url_of_the_broker_is_refused(tmp_path):
    place = write(tmp_path, crossdock="[broker]\nurl = 'nats://user:secret@broker.example:4222'")
    assert fault_of(place).endswith("at `$.broker.url`")
    allowed = write(tmp_path, crossdock="[broker]\nurl = 'tls://broker.example:4222'")
    assert load(allowed, {}).broker.url == "tls://broker.example:4222"


def test_environment_wins_over_the_file(tmp_path):
    place = write(tmp_path, crossdock="[http]\nport = 9000\nhost = '127.0.0.2'\n")
    environ = {
        "CROSSDOCK__HTTP__PORT": "9001",
        "CROSSDOCK__BROKER__STREAMS__PARTITIONS": "8",
        "CROSSDOCK__SOURCES__POS_NORTH__TIME_ZONE": "Europe/Berlin",
        "CROSSDOCK__SOURCES__POS_NORTH__SYSTEM": "pos",
        "CROSSDOCK__CLIENTS__TILL_1__SCOPES": '["events:write"]',
        "CROSSDOCK_NATS_SERVER": "not a setting",
        "PATH": "/bin",
    }
    settings = load(place, environ)
    assert (settings.http.port, settings.http.host) == (9001, "127.0.0.2")
    assert settings.broker.streams.partitions == 8
    assert settings.sources["pos-north"].time_zone == "Europe/Berlin"
    assert settings.clients["till-1"].scopes == ("events:write",)


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("CROSSDOCK__HTTP__PROT", "1", "environment: unknown field `prot` - at `$.http`"),
        ("CROSSDOCK__HTTP__PORT", "http", "environment: expected `int`, got `str` - at `$.http.port`"),
        ("CROSSDOCK__HTTP", "1", "environment: expected `object`, got `str` - at `$.http`"),
        ("CROSSDOCK__HTTP__", "1", "CROSSDOCK__HTTP__: a key between two `__` is empty"),
        ("CROSSDOCK__OWNERS__X__TITLE", "1", "environment: unknown field `owners` - at `$`"),
    ],
)
def test_wrong_variable_is_named_with_its_key(variable, value, fault):
    assert fault_of(None, {variable: value}) == fault


def test_variable_that_is_no_array_names_itself():
    fault = fault_of(None, {"CROSSDOCK__AUTH__ALGORITHMS": "[ES256]"})
    assert fault.startswith("CROSSDOCK__AUTH__ALGORITHMS: this is not a TOML value")


def test_paths_are_taken_from_the_folder_of_the_file_they_stand_in(tmp_path):
    source = (
        "[sources.a]\nsystem = 'wms'\nhash_key_file = 'keys/a'\nwebhook_secret_files = ['new', '/run/old']\n"
    )
    settings = load(write(tmp_path, sources=source), {})
    assert settings.sources["a"].hash_key_file == str(tmp_path / "keys" / "a")
    assert settings.sources["a"].webhook_secret_files == (str(tmp_path / "new"), "/run/old")


def test_client_of_an_unknown_source_is_found_by_the_lint(tmp_path):
    text = "[clients.till]\nscopes = ['events:write']\nsources = ['pos-nroth']\n"
    problems = lint(load(write(tmp_path, crossdock=text), {}))
    assert problems == ["crossdock.toml: `pos-nroth` is not among the sources - at `$.clients.till.sources`"]
