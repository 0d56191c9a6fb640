"""The file of tokens, and the command that makes one."""

import hashlib
import hmac
import math
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from guillemet_server.security.tokens import Identity, digest_of, new_token, read_tokens, table_of

HASH = hashlib.sha256(b"sesame").hexdigest()
OTHER = hashlib.sha256(b"open").hexdigest()


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "tokens.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_token_is_that_of_the_caller_whose_table_holds_its_hash(tmp_path: Path) -> None:
    content = f'[newsroom]\nsha256 = ["{HASH}", "{OTHER}"]\n[archive]\nsha256 = "{"0" * 64}"\ntokens_per_second = 2.5\n'
    tokens = read_tokens(written(tmp_path, content))

    newsroom = Identity(name="newsroom", tokens_per_second=None)
    assert [tokens.identity(digest_of(it)) for it in ("sesame", "open", "Sesame", "")] == [newsroom, newsroom, None, None]
    assert tokens.identity(bytes(32)) == Identity(name="archive", tokens_per_second=2.5)


def test_every_known_token_is_compared_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "".join(f'[caller-{number}]\nsha256 = "{number:064x}"\n' for number in range(10))
    tokens = read_tokens(written(tmp_path, content))
    compare, compared = hmac.compare_digest, []
    monkeypatch.setattr(hmac, "compare_digest", lambda known, shown: compared.append(len(known)) or compare(known, shown))

    for shown in (0, 9, 10):  # the first, the last, none
        compared.clear()
        tokens.identity(shown.to_bytes(32, "big"))
        assert compared == [32] * 10


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no token"),
        ("# nobody\n", "no token"),
        ("[newsroom", "end of document"),
        (b"\xff\xfe", "utf-8"),
        ("newsroom = 1\n", r"\[newsroom\]"),
        (f"['news room']\nsha256 = '{HASH}'\n", r"\[news room\]: a caller has a name of letters"),
        (f"[newsroom]\nsha512 = '{HASH}'\n", "sha256 and tokens_per_second"),
        ("[newsroom]\n", "64 hexadecimal digits"),
        ("[newsroom]\nsha256 = 'sesame'\n", "64 hexadecimal digits"),
        (f"[newsroom]\nsha256 = '{HASH.upper()}'\n", "64 hexadecimal digits"),
        (f"[newsroom]\nsha256 = ['{HASH}', 3]\n", "64 hexadecimal digits"),
        (f"[newsroom]\nsha256 = '{HASH}'\ntokens_per_second = 0\n", "above 0"),
        (f"[newsroom]\nsha256 = '{HASH}'\ntokens_per_second = true\n", "above 0"),
        (f"[newsroom]\nsha256 = '{HASH}'\ntokens_per_second = inf\n", "above 0"),
        (f"[newsroom]\nsha256 = '{HASH}'\ntokens_per_second = nan\n", "above 0"),
        (f"[a]\nsha256 = '{HASH}'\n[b]\nsha256 = '{HASH}'\n", r"\[b\]: another caller has the same token"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_without_its_hashes(content: str | bytes, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        read_tokens(written(tmp_path, content))

    assert str(caught.value).startswith("tokens.toml: ")
    assert HASH not in str(caught.value)


@pytest.mark.parametrize("rate", [5000.0, 1234567.5, 0.1, 1e-7, 1e22])
def test_a_token_that_was_made_is_let_in_by_its_table(rate: float, tmp_path: Path) -> None:
    token = new_token()
    tokens = read_tokens(written(tmp_path, table_of("newsroom", token, rate)))

    assert tokens.identity(digest_of(token)) == Identity(name="newsroom", tokens_per_second=rate)
    assert len(token) == math.ceil(256 / 6)  # 256 random bits
    assert token != new_token()
    assert token not in table_of("newsroom", token, None)


@pytest.mark.parametrize(
    ("name", "rate"), [("", None), ("a b", None), ("a]\n[b", None), ("a" * 65, None), ("a", 0.0), ("a", -1.0)]
)
def test_no_table_is_made_that_the_file_could_not_hold(name: str, rate: float | None) -> None:
    with pytest.raises(ValueError, match=r"name|above 0"):
        table_of(name, "sesame", rate)


def token_command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = "from guillemet_client.cli import main; main()"
    command = [sys.executable, "-I", "-c", program, "token", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_prints_what_the_file_needs_and_shows_the_token_aside() -> None:
    done = token_command("newsroom", "--tokens-per-second", "5000")

    token = done.stderr.splitlines()[-1]
    assert done.returncode == 0
    assert tomllib.loads(done.stdout) == {
        "newsroom": {"sha256": [hashlib.sha256(token.encode()).hexdigest()], "tokens_per_second": 5000}
    }


def test_the_command_refuses_a_name_in_one_line() -> None:
    done = token_command("news room")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("guillemet token: 'news room' is no name")
    assert done.stderr.count("\n") == 1
