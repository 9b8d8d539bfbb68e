"""The house: who may import whom, what the wheel holds, that docs and help are complete."""

import ast
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from firsthand.cli import main, make_parser

ROOT = Path(__file__).resolve().parents[1]
GROUPS = ("collect", "train", "evaluate")
PUT_TOGETHER = {"cli.py", "server.py", "demo.py", "demo_page.py", "__main__.py"}
MAY_IMPORT = {"collect": set(), "train": set(), "evaluate": {"collect", "train"}, "src/firsthand": set()}


def sources(folder: str) -> list[Path]:
    skip = {ROOT / "src" / "firsthand" / group for group in GROUPS}
    return [path for path in (ROOT / folder).rglob("*.py") if not skip & set(path.parents)]


def imported_groups(path: Path) -> set[str]:
    """The groups that a module imports, at its top or inside its functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {group for group in GROUPS for name in names if f"{name}.".startswith(f"firsthand.{group}.")}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_follow_the_data(folder: str) -> None:
    allowed = MAY_IMPORT[folder] | {folder}
    modules = [path for path in sources(folder) if not (folder == "src/firsthand" and path.name in PUT_TOGETHER)]
    assert modules
    wrong = {str(path.relative_to(ROOT)): imported_groups(path) - allowed for path in modules}
    assert {path: groups for path, groups in wrong.items() if groups} == {}


def test_every_package_folder_is_listed_for_the_wheel() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {path.parent for folder in ("src/firsthand", *GROUPS) for path in sources(folder)}
    names = {
        ".".join(("firsthand", *path.relative_to(ROOT).parts))
        if path.relative_to(ROOT).parts[0] in GROUPS
        else ".".join(path.relative_to(ROOT / "src").parts)
        for path in folders
    }
    assert names == listed


def test_the_wheel_holds_one_top_level_name_and_leaves_hugging_faces_evaluate_alone(tmp_path: Path) -> None:
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        str(tmp_path),
        ".",
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"firsthand"}
    for module in ("collect/commands.py", "train/mix.py", "evaluate/commands.py", "store/migrations.py", "py.typed"):
        assert f"firsthand/{module}" in names
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import evaluate, firsthand.evaluate\n"
        "assert firsthand.__file__.startswith(sys.argv[1]), firsthand.__file__\n"
        "assert hasattr(evaluate, 'load'), evaluate.__file__"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "site")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_the_evaluate_folder_does_not_pass_for_hugging_faces_library() -> None:
    done = subprocess.run([sys.executable, "-c", "import evaluate"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "import firsthand.evaluate" in done.stderr


def commands() -> list[str]:
    """Every command as the user types it: `firsthand group command`."""
    parser = make_parser()
    (groups,) = (action for action in parser._actions if getattr(action, "choices", None))
    names = []
    for group, subparser in groups.choices.items():
        nested = [
            action for action in subparser._actions if hasattr(action, "choices") and isinstance(action.choices, dict)
        ]
        names += [f"firsthand {group} {name}" for action in nested for name in action.choices] or [f"firsthand {group}"]
    return names


def test_the_documentation_names_every_command() -> None:
    texts = (ROOT / "README.md").read_text() + "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    assert [command for command in commands() if command not in texts] == []


@pytest.mark.parametrize("command", commands())
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([*command.split()[1:], "--help"])
    assert done.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: {command} ")


def test_python_runs_the_command_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "firsthand", "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: firsthand ")
