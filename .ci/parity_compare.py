"""Sends requests to both servers and compares the answers."""

import contextlib
import email.utils
import http.client
import json
import logging
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace

import jwt
from parity_allowed import ALLOWED, WITH_SESSIONS
from parity_app import create_app
from parity_cases import Case, Cases, Part, claims_of, configurations, defaults, of_json, with_sessions
from werkzeug.serving import make_server

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "src" / "differences.md"
SECTIONS = [("## What clients see\n", ALLOWED), ("## What sessions change\n", WITH_SESSIONS)]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
RIGHT = of_json({"username": "test", "password": "test"})
# By how much clocks and a busy machine may set two times apart, in seconds.
PATIENCE = 15


def main():
    tried, used = configurations(), set()
    without, of_sessions = ([Allowance(*allowance) for allowance in allowed] for _, allowed in SECTIONS)
    passed = failed = 0
    with multiprocessing.Pool() as pool:
        comparisons = [(name, number, settings, without, False) for number, (name, settings) in enumerate(tried.items())]
        for name, settings in with_sessions().items():
            comparisons.append((f"with sessions, {name}", len(comparisons), settings, of_sessions + without, True))
        for (name, *_), (requests, differences, seen) in zip(comparisons, pool.imap(compare, comparisons)):
            print(f"{'FAILED' if differences else 'ok    '}  {name}: {requests} requests", flush=True)
            print("".join(differences), end="")
            passed, failed = passed + (not differences), failed + bool(differences)
            used |= seen
    if untried := set(defaults()) - {"JWT_SECRET_KEY"} - {name for settings in tried.values() for name in settings}:
        print(f"tried in no configuration: {', '.join(sorted(untried))}")
        failed += 1
    for (section, _), allowed in zip(SECTIONS, (without, of_sessions)):
        for disagreement in disagreements(section, allowed, used):
            print(disagreement)
            failed += 1
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed")
    return bool(failed)


def compare(about):
    """One configuration, in a process of its own: how much was asked, what differs, which allowances were used."""
    comparison = Comparison(*about)
    comparison.run()
    return comparison.requests, comparison.differences, comparison.used


@dataclass(frozen=True)
class Allowance:
    row: str
    requests: str
    ours: str
    theirs: str

    def covers(self, request, ours, theirs):
        if not re.search(self.requests, request):
            return False
        return all(re.fullmatch(*pair, re.S) for pair in ((self.ours, ours), (self.theirs, theirs)))

    def adapted(self, request, ours):
        """Our answer as theirs would be, if this were the only difference."""
        return re.sub(self.ours, self.theirs, ours) if re.search(self.requests, request) else ours


def covering(allowed, request, ours, theirs):
    """The allowances that explain a difference wholly: one alone, or those that together make theirs of ours."""
    if alone := [each for each in allowed if each.covers(request, ours, theirs)]:
        return alone
    together = []
    for each in allowed:
        adapted = each.adapted(request, ours)
        if adapted != ours:
            together.append(each)
        ours = adapted
    return together if ours == theirs else []


def disagreements(section, allowed, used):
    """Between what is allowed, what was seen, and what the page lists."""
    section = PAGE.read_text().partition(section)[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    rows = {line.removeprefix("| ").split(" | ")[0] for line in lines[2:]}
    for allowance in allowed:
        if allowance not in used:
            yield f"allowed, and never seen: {allowance.row} ({allowance.requests})"
        if allowance.row not in rows:
            yield f"allowed, and not on the page: {allowance.row}"
    for row in rows - {allowance.row for allowance in allowed}:
        yield f"on the page, and not allowed: {row}"


class Comparison:
    """Both servers under one configuration."""

    def __init__(self, name, number, settings, allowed, sessions):
        self.name, self.number, self.allowed, self.sessions = name, number, allowed, sessions
        self.settings = {"JWT_SECRET_KEY": os.urandom(64).hex(), **settings}
        self.cases = Cases(self.settings, number)
        self.requests, self.differences, self.used = 0, [], set()

    def run(self):
        with demo(self.settings, self.sessions) as ours, flask(self.settings) as theirs:
            self.servers = ours, theirs
            if self.sessions:
                self.live_in_sessions()
                self.browse_in_sessions()
                return
            our, their = self.log_in()
            for cases in (
                self.cases.guarded,
                self.cases.other_methods,
                self.cases.two_places,
                self.cases.csrf_values,
                self.cases.odd_forms,
            ):
                # Each request comes with our token or with theirs, next time with the other; genuine ones with both.
                for turn, pair in enumerate(zip(cases(our, "our"), cases(their, "their")), self.number):
                    for case in pair if pair[0].accepted else [pair[turn % 2]]:
                        self.ask(case)
            self.browse()

    def log_in(self):
        """The tokens of each side."""
        login, auth_login, *_ = [[answer.body for answer in self.ask(case)] for case in self.cases.logins()]
        tokens = [
            {
                "access": one["access_token"],
                "fresh access": two["access_token"],
                "refresh": two["refresh_token"],
            }
            for one, two in zip(login, auth_login)
        ]
        self.ask(self.cases.revoking(tokens[0]["fresh access"]))
        self.wait()
        return tokens

    def browse(self):
        """As a browser does, each with the cookies that its server has set."""
        jars = Jar(self.cases), Jar(self.cases)
        for case, refresh in self.cases.browsing():
            answers = self.ask(case, [jar.part(case.path, refresh) for jar in jars])
            for jar, answer in zip(jars, answers):
                jar.keep(answer)
            if case.path == "/auth/cookies" and case.method == "POST":
                self.wait()

    def live_in_sessions(self):
        """As clients do that keep their tokens themselves; each server gets those that it has issued."""
        first = self.begin_session()
        refresh = [one["refresh_token"] for one in first]
        answers = self.present("POST", "/auth/refresh", refresh, "a refresh token")
        # Without sessions there is no successor: the same goes on.
        successors = [answer.body.get("refresh_token", token) for answer, token in zip(answers, refresh)]
        self.present("GET", "/protected", [answer.body["access_token"] for answer in answers], "a refreshed token")
        self.present("POST", "/auth/refresh", successors, "its successor")
        self.present("POST", "/auth/refresh", refresh, "a refresh token, after its successor was used")
        access = [one["access_token"] for one in first]
        self.present("GET", "/protected", access, "the session's access token, after its successor was used")
        second = self.begin_session()
        access = [one["access_token"] for one in second]
        self.present("DELETE", "/auth/logout", access, "an access token")
        self.present("GET", "/protected", access, "the same, after logging out")
        refresh = [one["refresh_token"] for one in second]
        self.present("POST", "/auth/refresh", refresh, "the session's refresh token, after logging out")
        # Each gets the other's too: one without a session, and one with what a server without sessions does not know.
        for whose, tokens in zip(("our", "their"), self.begin_session()):
            for method, path, kind in (("GET", "/fresh", "access_token"), ("POST", "/auth/refresh", "refresh_token")):
                self.present(method, path, [tokens[kind]] * 2, f"{whose} {kind}")

    def browse_in_sessions(self):
        for csrf in (False, None):
            jars = Jar(self.cases), Jar(self.cases)

            def visit(method, path, refresh, part, name):
                answers = self.ask(Case(method, path, part, name), [jar.part(path, refresh) for jar in jars])
                for jar, answer in zip(jars, answers):
                    jar.keep(answer)

            visit("POST", "/auth/cookies", None, RIGHT, "a browser logs in")
            visit("PUT", "/auth/cookies", True, Part(), "a browser, with the refresh token's CSRF value")
            visit("POST", "/protected", False, Part(), "a browser, with the access token's CSRF value")
            kept = [jar.part("/protected", None) for jar in jars]
            how = "with" if csrf is False else "without"
            visit("DELETE", "/auth/cookies", csrf, Part(), f"a browser, {how} its CSRF value")
            name = f"a copy of the cookie, after logging out {how} its CSRF value"
            self.ask(Case("GET", "/protected", Part(), name), kept)

    def begin_session(self):
        return [answer.body for answer in self.ask(Case("POST", "/auth/login", RIGHT, "the right pair"))]

    def present(self, method, path, tokens, name):
        """To each server the token that is meant for it."""
        return self.ask(Case(method, path, Part(), name), [self.cases.at("headers", token, False) for token in tokens])

    def wait(self):
        """Until the tokens have expired, if that is soon."""
        if self.cases.short_lived:
            time.sleep(self.settings["JWT_ACCESS_TOKEN_EXPIRES"] + 0.5)

    def ask(self, case, parts=()):
        """Sends a request to both, with what each gets besides, and compares."""
        self.requests += 1
        cases = [replace(case, part=case.part | part) for part in parts] or [case, case]
        answers = [send(server, case) for server, case in zip(self.servers, cases)]
        ours, theirs = (answer.text() for answer in answers)
        if ours != theirs:
            explained = covering(self.allowed, f"{self.name}: {case}", ours, theirs)
            self.used.update(explained)
            if not explained:
                self.differences.append(f"  {case}\n    ours    {ours}\n    theirs  {theirs}\n")
        elif case.accepted and not self.cases.short_lived and answers[0].status != 200:
            self.differences.append(f"  {case}\n    both    {ours}\n")
        return answers


@contextlib.contextmanager
def demo(settings, sessions):
    program = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "demo"
    # The environment overrides the file, so none of ours may be set.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JWT_", "DEMO_"))}
    # Nobody reads on after the address, so requests must not be logged.
    environment["RUST_LOG"] = "demo=info"
    environment |= {"DEMO_STORE": "memory:", "DEMO_SESSIONS": json.dumps(sessions)}
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "Settings.toml"
        # JSON's strings, numbers, booleans and lists are TOML's too.
        file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
        command = [program, "--settings", file, "--port", "0"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                log = ""
                while not (address := re.search(r"listening on http://([\d.]+):(\d+)", log)):
                    line = process.stderr.readline()
                    log += line or sys.exit(f"the demo does not start: {log}")
                yield address[1], int(address[2])
            finally:
                process.kill()


@contextlib.contextmanager
def flask(settings):
    logging.getLogger("werkzeug").disabled = True
    # A copy, because Flask-JWT-Extended adds to lists in its settings.
    server = make_server("127.0.0.1", 0, create_app(json.loads(json.dumps(settings))), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield "127.0.0.1", server.server_port
    finally:
        server.shutdown()
        server.server_close()


def send(server, case):
    connection = http.client.HTTPConnection(*server, timeout=PATIENCE)
    connection.putrequest(case.method, case.target(), skip_accept_encoding=True)
    for name, value in case.headers():
        connection.putheader(name, value)
    if case.method != "GET" or case.part.body:
        connection.putheader("Content-Length", len(case.part.body))
    connection.endheaders(case.part.body)
    response = connection.getresponse()
    content, content_type = response.read(), response.headers.get_content_type()
    connection.close()
    # Pages for people are theirs to word.
    body = json.loads(content) if content and content_type == "application/json" else "…" if content else ""
    allow = sorted(response.headers.get("Allow", "").split(", "))
    return Answer(response.status, content_type, body, response.headers.get_all("Set-Cookie", []), allow)


@dataclass
class Answer:
    status: int
    content_type: str
    body: object
    set_cookies: list
    allow: list

    def text(self):
        """All that is compared. Of what differs from token to token, the shape."""
        body = TOKEN.sub(lambda token: shape(token[0]), json.dumps(self.body, sort_keys=True, ensure_ascii=False))
        return "\n      ".join([f"{self.status} {self.content_type} {body}", *self.allow_text(), *sorted(self.cookie_texts())])

    def allow_text(self):
        return [f"Allow: {', '.join(self.allow)}"] if any(self.allow) else []

    def cookie_texts(self):
        cookies = [cookie.split("; ") for cookie in self.set_cookies]
        pairs = [cookie[0].partition("=")[::2] for cookie in cookies]
        csrf = {claims_of(value).get("csrf"): f"csrf of {name}" for name, value in pairs if TOKEN.fullmatch(value)}
        for (name, value), (_, *attributes) in zip(pairs, cookies):
            value = shape(value) if TOKEN.fullmatch(value) else csrf.get(value, value)
            yield "; ".join([f"Set-Cookie: {name}={value}", *sorted(settled(attributes))])


def settled(attributes):
    """`Expires` as what it is to `Max-Age`, where it says the same."""
    values = dict(attribute.partition("=")[::2] for attribute in attributes)
    for attribute in attributes:
        if attribute.startswith("Expires=") and values.get("Max-Age", "0") != "0":
            expires = email.utils.parsedate_to_datetime(values["Expires"]).timestamp()
            alike = abs(expires - time.time() - int(values["Max-Age"])) < PATIENCE
            yield "Expires=as Max-Age" if alike else attribute
        else:
            yield attribute


def shape(token):
    """All that a token says, in its order; times by their distance from each other."""
    claims = claims_of(token)
    issued = claims.get("iat")

    def told(name, value):
        if name in ("jti", "csrf") and UUID.fullmatch(value):
            return f"UUID of version {value[14]}"
        if name == "iat":
            return "now" if isinstance(value, int) and abs(value - time.time()) < PATIENCE else value
        return f"iat + {value - issued}" if name in ("nbf", "exp") else value

    return json.dumps([jwt.get_unverified_header(token), {name: told(name, value) for name, value in claims.items()}])


class Jar:
    """The cookies of one browser. It looks at paths, and takes our plain HTTP for secure."""

    def __init__(self, cases):
        self.cases, self.cookies = cases, {}

    def keep(self, answer):
        for cookie in answer.set_cookies:
            pair, *attributes = cookie.split("; ")
            name, _, value = pair.partition("=")
            paths = [attribute.removeprefix("Path=") for attribute in attributes if attribute.startswith("Path=")]
            self.cookies[name] = value, paths[0]
            if "Expires=Thu, 01 Jan 1970 00:00:00 GMT" in attributes:
                del self.cookies[name]

    def part(self, path, refresh):
        """What is sent to a path; with the CSRF value of the access (False) or refresh (True) cookie, unless None."""
        part = Part(cookies=tuple((name, value) for name, (value, own) in self.cookies.items() if path.startswith(own)))
        if refresh is None:
            return part
        names = (self.cases.setting(name, refresh) for name in ("COOKIE_NAME", "CSRF_COOKIE_NAME"))
        token, in_cookie = (self.cookies.get(name, ("", ""))[0] for name in names)
        # A script reads the value from its cookie; without one, the application hands it out.
        value = in_cookie or claims_of(token).get("csrf")
        return part | self.cases.csrf(value, refresh) if value else part


if __name__ == "__main__":
    sys.exit(main())
