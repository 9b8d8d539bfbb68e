"""The `firsthand collect raters` commands."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Any

from firsthand.commandline import add_command, say, say_json

if TYPE_CHECKING:
    from firsthand.collect.accounts.account import Account
    from firsthand.store import Store

ROLES = ("rater", "expert", "admin", "auditor")
SITE = "http://127.0.0.1:7860"
SHOWN = ("id", "login", "role", "state", "tags", "consent", "state_reason")


def add_rater_commands(group: Any) -> None:
    """Add `raters` and its commands to the group `collect`."""
    summary = "add, invite, pause and remove the people who rate"
    parser = group.add_parser("raters", help=summary, description=summary[0].upper() + summary[1:] + ".")
    raters = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    adding = add_command(
        raters, "add", add_person, "add a person and make an invitation link", store=True, as_json=True
    )
    adding.add_argument("login", nargs="?", metavar="LOGIN", help="what they log in with; without it they choose")
    adding.add_argument("--role", choices=ROLES, default="rater", help="what they may do (default: rater)")
    _add_tags(adding)
    adding.add_argument("--password", action="store_true", help="set a password now instead of inviting")
    _add_invitation_options(adding)
    listing = add_command(raters, "list", list_people, "show the accounts", store=True, as_json=True)
    listing.add_argument("--all", action="store_true", help="removed ones too")
    inviting = _add_for_one(raters, "invite", invite_person, "make a new invitation link, also for a lost password")
    _add_invitation_options(inviting)
    _add_for_one(raters, "password", set_password, "set a password, asked for or read from standard input")
    changing = _add_for_one(raters, "change", change_person, "change the role or the tags of a person")
    changing.add_argument("--role", choices=ROLES, help="what they may do")
    _add_tags(changing)
    changing.add_argument("--no-tags", action="store_true", help="take all tags away")
    pausing = _add_for_one(raters, "pause", pause_person, "keep a person from rating")
    pausing.add_argument("--reason", required=True, metavar="TEXT", help="the person is shown it")
    _add_for_one(raters, "resume", resume_person, "let a paused person rate again")
    removing = _add_for_one(raters, "remove", remove_person, "remove a person and their data, for good")
    removing.add_argument(
        "--data",
        choices=("anonymise", "delete"),
        required=True,
        help="keep their preferences under a fresh pseudonym, without their texts; or delete them",
    )


def add_person(args: argparse.Namespace) -> None:
    """Add a person; print their pseudonym and the invitation link."""
    from firsthand.collect.accounts.account import Role
    from firsthand.collect.accounts.people import add
    from firsthand.store import Store

    password = _ask_password() if args.password else None
    with Store(args.store) as store:
        account = add(store, args.login, Role(args.role), args.tag, password=password)
        link = None if args.password else _invitation_link(store, account, args)
    if args.json:
        say_json(_shown(account) | {"invitation": link})
        return
    say(f"{account.id} ({account.login or 'no login yet'}), {account.role.value}")
    if link:
        say(f"Invitation, good once within {args.days:g} days: {link}")


def list_people(args: argparse.Namespace) -> None:
    """Print the accounts as a table."""
    from firsthand.collect.accounts.account import State
    from firsthand.collect.accounts.people import everyone
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        accounts = [account for account in everyone(store) if args.all or account.state is not State.REMOVED]
    rows = [_shown(account) for account in accounts]
    if args.json:
        say_json(rows)
        return
    table = [SHOWN, *(tuple(_cell(row[name]) for name in SHOWN) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def invite_person(args: argparse.Namespace) -> None:
    """Print a new invitation link; earlier ones end."""
    from firsthand.collect.accounts.people import find
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        account = find(store, args.who)
        say(f"Invitation, good once within {args.days:g} days: {_invitation_link(store, account, args)}")


def set_password(args: argparse.Namespace) -> None:
    """Set a password; the person's sessions end."""
    from firsthand.collect.accounts import people
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        account = people.find(store, args.who)
        people.set_password(store, account.id, _ask_password())
    say(f"{account.id} has a new password; open sessions have ended")


def change_person(args: argparse.Namespace) -> None:
    """Change the role, the tags, or both."""
    from firsthand.collect.accounts import people
    from firsthand.collect.accounts.account import Role
    from firsthand.errors import InputError
    from firsthand.store import Store

    if not (args.role or args.tag or args.no_tags):
        raise InputError("nothing to change; give --role, --tag or --no-tags")
    if args.tag and args.no_tags:
        raise InputError("--tag and --no-tags contradict each other; give one of them")
    with Store(args.store, must_exist=True) as store:
        account = people.find(store, args.who)
        if args.role:
            people.set_role(store, account.id, Role(args.role))
        if args.tag or args.no_tags:
            people.set_tags(store, account.id, args.tag)
        account = people.find(store, account.id)
    say(f"{account.id}: {account.role.value}, tags: {', '.join(sorted(account.tags)) or 'none'}")


def pause_person(args: argparse.Namespace) -> None:
    """Pause a person; they can log in and see why."""
    from firsthand.collect.accounts.account import State
    from firsthand.collect.accounts.people import find, set_state
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        account = find(store, args.who)
        set_state(store, account.id, State.PAUSED, args.reason)
    say(f"{account.id} is paused: {args.reason}")


def resume_person(args: argparse.Namespace) -> None:
    """Let a person rate again."""
    from firsthand.collect.accounts.account import State
    from firsthand.collect.accounts.people import find, set_state
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        account = find(store, args.who)
        set_state(store, account.id, State.ACTIVE, None)
    say(f"{account.id} may rate")


def remove_person(args: argparse.Namespace) -> None:
    """Remove a person and their data."""
    from firsthand.collect.accounts.people import find
    from firsthand.collect.accounts.removal import Data, remove
    from firsthand.store import Store

    with Store(args.store, must_exist=True) as store:
        account = find(store, args.who)
        touched = remove(store, account.id, Data(args.data))
    done = "anonymised" if args.data == "anonymise" else "deleted"
    say(f"{account.id} is removed; {touched:,} preferences {done}; exports made before still hold them")


def _add_for_one(raters: Any, name: str, run: Any, summary: str) -> argparse.ArgumentParser:
    parser = add_command(raters, name, run, summary, store=True)
    parser.add_argument("who", metavar="WHO", help="a login or an id")
    return parser


def _add_tags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tag", action="append", default=[], metavar="T", help="a domain they know; again for more")


def _add_invitation_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=float, default=7.0, help="how long the invitation is good (default: 7)")
    parser.add_argument("--site", default=SITE, metavar="URL", help=f"where the site is reached (default: {SITE})")


def _invitation_link(store: "Store", account: "Account", args: argparse.Namespace) -> str:
    from firsthand.collect.accounts.invitations import invite

    return f"{args.site.rstrip('/')}/invite/{invite(store, account.id, args.days)}"


def _ask_password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _shown(account: "Account") -> dict[str, Any]:
    return {name: getattr(account, name) for name in SHOWN} | {"tags": sorted(account.tags)}


def _cell(value: Any) -> str:
    return str((", ".join(value) if isinstance(value, list) else value) or "-")
