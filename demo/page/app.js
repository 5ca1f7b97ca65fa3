// The page's script: calls the demo's routes and shows what went over the wire.
// Data gets into the page as text only, never as HTML. Tokens stay in this script's memory.
"use strict";

const EARLIER = 20;

// The names in force, which the server has put into the page.
const settings = JSON.parse(document.getElementById("settings").textContent);

// In header mode. What the cookies hold, the browser keeps for itself.
const tokens = { access: null, refresh: null, revoked: null };
// Refresh tokens that were replaced, the last one first.
let used = [];
// What is known of the access token of the current mode.
let shown = null;
let mode = "headers";

const at = (id) => document.getElementById(id);

function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

// --- What can be called ---------------------------------------------------------------------------

const ROUTES = [
  ["GET", "/protected", "needs a token"],
  ["POST", "/protected", "the same; with cookies it needs the CSRF value too"],
  ["GET", "/optional", "with or without a token"],
  ["GET", "/fresh", "needs a token from a login, not from a refresh"],
  ["GET", "/claims", "what the token says"],
  ["GET", "/header", "the token’s JOSE header"],
  ["GET", "/location", "where the token was found"],
  ["GET", "/me", "the user, loaded for the token"],
  ["POST", "/login", "the Flask example’s login, with the fields above"],
  ["DELETE", "/auth/logout", "revokes the access token"],
];

const ATTEMPTS = [
  {
    name: "No token at all",
    run: () => call("GET", "/protected"),
  },
  {
    name: "A token whose subject was changed",
    run: () => call("GET", "/protected", { token: forged({}) }),
  },
  {
    name: "A token that claims to need no signature",
    run: () => call("GET", "/protected", { token: forged({ alg: "none" }, "") }),
  },
  {
    name: "Use the revoked token",
    mode: "headers",
    ready: () => tokens.revoked !== null,
    otherwise: "log out first: then there is one",
    run: () => call("GET", "/protected", { token: tokens.revoked }),
  },
  {
    name: "A refresh token where an access token is due",
    mode: "headers",
    ready: () => tokens.refresh !== null,
    otherwise: "log in first",
    run: () => call("GET", "/protected", { token: tokens.refresh }),
  },
  {
    name: "A refresh token that was replaced, and whose successor was used",
    mode: "headers",
    withSessions: true,
    ready: () => used.length > 1,
    otherwise: "refresh twice first",
    run: async () => {
      const answer = await call("POST", "/auth/refresh", { token: used[1] });
      if (!answer.ok) notice("Somebody has a copy of that token, so the server ended the session. Log in again.");
      await loadSessions();
    },
  },
  {
    name: "POST with the cookies but without the CSRF value",
    mode: "cookies",
    run: () => call("POST", "/protected", { cookies: true }),
  },
  {
    name: "POST with the cookies and a wrong CSRF value",
    mode: "cookies",
    run: () => call("POST", "/protected", { cookies: true, csrf: [settings.access_csrf_header, "00000000-0000-4000-8000-000000000000"] }),
  },
];

/** One of the routes, with the access token as the mode has it. */
function callRoute(method, path) {
  if (path === "/login") return call(method, path, { json: credentials() });
  return call(method, path, carryingAccess(method));
}

function carryingAccess(method) {
  return mode === "headers" ? { token: tokens.access } : { cookies: true, csrf: accessCsrf(method) };
}

// The header and its value. Where it is in no cookie that this page may read, the access token's own claim says it.
function accessCsrf(method) {
  const value = cookieValues(settings.access_csrf_cookie).at(ofThisLogin()) ?? shown?.claims.csrf;
  return csrf(method, settings.access_csrf_header, value);
}

function refreshCsrf(method) {
  return csrf(method, settings.refresh_csrf_header, cookieValues(settings.refresh_csrf_cookie).at(ofThisLogin()));
}

/** Which of several cookies of one name. After a change of their domain an old one stands first, and the last one counts. */
const ofThisLogin = () => cookieValues(settings.access_csrf_cookie).indexOf(shown?.claims.csrf);

const csrf = (method, header, value) => (value && needsCsrf(method) ? [header, value] : null);

const needsCsrf = (method) => settings.csrf_methods.some((own) => own.toUpperCase() === method);

function cookieValues(name) {
  const pairs = document.cookie.split("; ").filter((pair) => pair.startsWith(`${name}=`));
  return pairs.map((pair) => pair.slice(name.length + 1));
}

/** A token that this page made up. It has no key, so the signature is the old one, or none at all. */
function forged(changedHeader, signature) {
  const header = { alg: "HS256", typ: "JWT", ...shown?.header, ...changedHeader };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iat: now, exp: now + 900, type: "access", ...shown?.claims, [settings.identity_claim]: "admin" };
  const old = tokens.access?.split(".")[2] ?? "A".repeat(43);
  return [encode(header), encode(claims), signature ?? old].join(".");
}

// --- Logging in and out ---------------------------------------------------------------------------

const credentials = () => ({ username: at("username").value, password: at("password").value });

async function logIn() {
  const path = mode === "headers" ? "/auth/login" : "/auth/cookies";
  const answer = await call("POST", path, { cookies: mode === "cookies", json: credentials() });
  if (!answer.ok) return;
  at("password").value = "";
  if (mode === "headers") {
    tokens.refresh = null;
    used = [];
    keep(answer.body);
    if (!settings.locations.includes("headers")) notice(notLookedFor("headers", ""));
  } else {
    await loadFromCookies();
  }
}

async function refresh() {
  if (mode === "headers") {
    const answer = await call("POST", "/auth/refresh", { token: tokens.refresh });
    if (answer.ok) keep(answer.body);
  } else {
    const value = refreshCsrf("PUT");
    const answer = await call("PUT", "/auth/cookies", { cookies: true, csrf: value });
    if (answer.ok) await loadFromCookies();
    else if (!value && needsCsrf("PUT")) notice(NO_REFRESH_VALUE);
  }
}

const NO_REFRESH_VALUE = "The refresh token’s CSRF value is in no cookie that this page can read, so it cannot refresh: " +
  "log in again. An application hands the value out with the login (JWT_CSRF_IN_COOKIES).";

const NOT_YET = "You are still logged in, and can try again:";
const NOT_ENDED = "The cookies are gone from this browser. Their session was not ended, and lives until it expires:";

async function logOut() {
  if (mode === "headers") {
    const { access, refresh } = tokens;
    // Either ends the session; the access token may have expired.
    let answer = await call("DELETE", "/auth/logout", { token: access });
    if (!answer.ok && refresh) answer = await call("DELETE", "/auth/logout", { token: refresh });
    if (answer.failed) return notice(`${NOT_YET} ${answer.message}`);
    tokens.access = tokens.refresh = null;
    used = [];
    if (answer.ok) tokens.revoked = access;
  } else {
    const csrf = accessCsrf("DELETE") ?? refreshCsrf("DELETE");
    const answer = await call("DELETE", "/auth/cookies", { cookies: true, csrf });
    // The cookies are still there.
    if (answer.failed) return notice(`${NOT_YET} ${answer.message}`);
    if (!answer.ok) notice(`${NOT_ENDED} ${answer.message}`);
  }
  showToken(null);
}

function keep(answer) {
  tokens.access = answer?.access_token ?? null;
  // One without a session stays good, and its answer brings no other.
  if (answer?.refresh_token) {
    if (tokens.refresh) used.unshift(tokens.refresh);
    tokens.refresh = answer.refresh_token;
  }
  showToken(tokens.access && takenApart(tokens.access));
}

/** No script can read the token, so the server tells what is in it. */
async function loadFromCookies({ quietly = false } = {}) {
  const carrying = { cookies: true, csrf: accessCsrf("GET"), aside: true };
  const claims = await call("GET", "/claims", carrying);
  if (!claims.ok) {
    showToken(null);
    if (!quietly) notice(cookiesDoNotWork(claims.message));
    return;
  }
  const header = await call("GET", "/header", carrying);
  showToken({ claims: claims.body, header: header.ok ? header.body : {} });
}

function cookiesDoNotWork(message) {
  if (!settings.locations.includes("cookies")) return notLookedFor("cookies", message);
  if (/cookie/i.test(message)) {
    return `The server found no token cookie (“${message}”): the browser did not keep it or did not send it. ` +
      "Cookies with JWT_COOKIE_SECURE need HTTPS.";
  }
  return `The token in the cookie was refused: “${message}”. Refresh it, or log in again.`;
}

const notLookedFor = (where, message) =>
  `This server does not look for tokens in ${where}: ${message ? `it answered “${message}”` : "the routes refuse what is there"}. ` +
  'Start it with JWT_TOKEN_LOCATION = ["headers", "cookies"].';

async function switchTo(chosen) {
  mode = chosen;
  notice(settings.locations.includes(mode) ? null : notLookedFor(mode, ""));
  // Of cookies whose CSRF value it cannot read, the page only knows by trying.
  if (mode === "headers") showToken(tokens.access && takenApart(tokens.access));
  else if (!settings.locations.includes("cookies")) showToken(null);
  else if (!settings.access_csrf_cookie) await loadFromCookies({ quietly: true });
  else if (cookieValues(settings.access_csrf_cookie).length) await loadFromCookies();
  else showToken(null);
}

// --- The token taken apart ------------------------------------------------------------------------

function takenApart(token) {
  try {
    const [header, claims] = token.split(".");
    return { token, header: decode(header), claims: decode(claims) };
  } catch {
    notice("The server’s answer holds no token that this page can read.");
    return null;
  }
}

function decode(segment) {
  const binary = atob(segment.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
}

function encode(value) {
  const binary = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const HEADER_MEANINGS = {
  alg: () => "the algorithm of the signature; the server accepts only those it was told to",
  typ: () => "what this is",
  kid: () => "which of the server’s keys signed it",
};

const CLAIM_MEANINGS = {
  fresh: (value) =>
    value === true ? "fresh: from a login with the password"
      : value === false ? "not fresh: from a refresh, without the password"
        : `fresh until ${time(value)}`,
  iat: (value) => `issued at ${time(value)}`,
  nbf: (value) => `not valid before ${time(value)}`,
  exp: (value) => `expires at ${time(value)}`,
  jti: () => "the ID of this very token: what a revocation remembers",
  sid: () => "the session: all tokens that came of one login",
  rot: () => "how often the session had been refreshed",
  type: (value) => (value === "refresh" ? "good for getting new access tokens only" : "good for the routes"),
  sub: () => "the subject",
  csrf: () => `from a cookie, the token counts only with this value in ${settings.access_csrf_header} beside it`,
  aud: () => "the audience: for whom the token is meant",
  iss: () => "the issuer: who made it",
  [settings.identity_claim]: () => "the subject: who was logged in",
};

const ownMeaning = () => "this application’s own";

function showToken(about) {
  shown = about;
  at("no-token").hidden = about !== null;
  at("token").hidden = about === null;
  if (about) {
    const compact = about.token
      ? about.token.split(".").flatMap((part, i) => [i ? "." : "", element("span", ["first", "second", "third"][i], part)])
      : ["It is in an HttpOnly cookie. All that a script can see of it is document.cookie:\n", readableCookies()];
    at("compact").replaceChildren(...compact);
    at("jose").replaceChildren(...described(about.header, HEADER_MEANINGS));
    at("claims").replaceChildren(...described(about.claims, CLAIM_MEANINGS));
  }
  at("state").textContent = about ? `Logged in as ${about.claims[settings.identity_claim] ?? "somebody"}` : "Not logged in";
  at("session-hint").textContent = mode === "headers"
    ? "The tokens go when the page is reloaded."
    : "The cookies stay when the page is reloaded; logging out deletes them.";
  showLife();
  showCalls();
  loadSessions();
}

const readableCookies = () => document.cookie.split("; ").join("\n") || "(nothing)";

function described(members, meanings) {
  return Object.entries(members).map(([name, value]) => {
    const meaning = Object.hasOwn(meanings, name) ? meanings[name] : ownMeaning;
    return element("div", "", element("dt", "", name), element("dd", "", element("code", "", JSON.stringify(value))),
      element("dd", "meaning", meaning(value)));
  });
}

function time(seconds) {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "no time at all" : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

function showLife() {
  if (!shown) return;
  const { exp, iat } = shown.claims;
  const expires = typeof exp === "number";
  at("life").hidden = !expires;
  at("refresh-life").textContent = refreshLife();
  if (!expires) {
    at("life-text").textContent = "This token never expires.";
    return;
  }
  const left = Math.max(0, Math.ceil(exp - Date.now() / 1000));
  const life = typeof iat === "number" && exp > iat ? exp - iat : Math.max(1, left);
  at("life").max = life;
  at("life").value = Math.min(left, life);
  at("token").classList.toggle("over", left === 0);
  const over = "Expired: the routes refuse it now. Call one, or refresh.";
  at("life-text").textContent = left ? `${duration(left)} left of ${duration(life)}` : over;
  if (left === 0 && !shown.toldExpired) {
    shown.toldExpired = true;
    at("told").textContent = over;
  }
}

function refreshLife() {
  if (mode !== "headers" || !tokens.refresh) return "";
  const exp = takenApart(tokens.refresh)?.claims.exp;
  if (typeof exp !== "number") return "The refresh token never expires.";
  const left = Math.ceil(exp - Date.now() / 1000);
  return left > 0 ? `The refresh token lives for another ${duration(left)}.` : "The refresh token has expired, too.";
}

/** The two biggest units, for people. */
function duration(seconds) {
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const parts = [];
  let rest = Math.round(seconds);
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count || (unit === "s" && !parts.length)) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}

// --- Sessions -------------------------------------------------------------------------------------

/** Lists them, aside from what was clicked. */
async function loadSessions() {
  if (!shown || !settings.sessions) return showSessions([]);
  const answer = await call("GET", "/auth/sessions", { ...carryingAccess("GET"), aside: true });
  showSessions(answer.ok ? answer.body.sessions : []);
}

function showSessions(sessions) {
  at("no-sessions").hidden = sessions.length > 0;
  at("everywhere").disabled = at("show-sessions").disabled = shown === null;
  at("sessions").replaceChildren(...sessions.map((session) => {
    const about = element("span", "about", element("b", "", session.label || "unknown"),
      element("span", "what", `since ${time(session.created_at)}, refreshed ${time(session.last_used_at)}`));
    return element("li", "", about, session.current ? element("span", "here", "this device") : endButton(session));
  }));
}

function endButton(session) {
  const button = element("button", "", "Log out there");
  button.type = "button";
  button.addEventListener("click", async () => {
    await call("DELETE", `/auth/sessions/${encodeURIComponent(session.id)}`, carryingAccess("DELETE"));
    await loadSessions();
  });
  return button;
}

async function logOutEverywhere() {
  const answer = await call("DELETE", "/auth/sessions", carryingAccess("DELETE"));
  if (!answer.ok) return;
  tokens.revoked = tokens.access ?? tokens.revoked;
  await loadSessions();
}

// --- Request and answer ---------------------------------------------------------------------------

/** Sends a request and shows it with its answer; aside, if nobody clicked for it. Never rejects: no answer is an answer that is not ok. */
async function call(method, path, { token = null, csrf = null, json = null, cookies = false, aside = false } = {}) {
  const headers = {};
  if (token) headers[settings.header_name] = `${settings.header_type} ${token}`.trim();
  if (csrf) headers[csrf[0]] = csrf[1];
  if (json) headers["Content-Type"] = "application/json";
  const request = { method, path, headers, json, cookies };
  let answer;
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: json && JSON.stringify(json),
      // Without it the cookies of one mode would help out in the other.
      credentials: cookies ? "same-origin" : "omit",
      cache: "no-store",
      redirect: "error",
    });
    const text = await response.text();
    const body = parsed(text);
    answer = {
      ok: response.ok,
      failed: response.status >= 500,
      status: `${response.status} ${response.statusText}`.trim(),
      headers: ["content-type", "cache-control", "www-authenticate"]
        .filter((name) => response.headers.has(name))
        .map((name) => [name, response.headers.get(name)]),
      text,
      body,
      message: response.ok ? "" : messageOf(body),
    };
  } catch {
    const message = "The server cannot be reached.";
    answer = { ok: false, failed: true, status: "no answer", headers: [], text: "", body: null, message };
  }
  showExchange(request, answer, aside);
  return answer;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What a refusal says, under whatever key the settings put it. */
function messageOf(body) {
  if (body === null || typeof body !== "object") return "";
  const texts = Object.values(body).filter((value) => typeof value === "string");
  return body.msg ?? body.error_description ?? body.detail ?? texts[0] ?? "";
}

const WHY = [
  [/^Bad username or password/, "The pair is wrong; the answer does not tell which half."],
  [/^Missing (username|password)/, "The login wants both."],
  [/^Missing CSRF token/, "The browser sends cookies by itself, also for a page of somebody else. The CSRF value proves that this page asked."],
  [/^CSRF double submit/, "The value is not the one in the token’s csrf claim."],
  [/^Missing (Authorization|JWT|cookie)/, "No token was found where the server looks."],
  [/^Token has expired/, "The signature is good, but exp has passed."],
  [/^Token has been revoked/, "The token is good in itself, but it was revoked, or its session is over."],
  [/^Fresh token required/, "The token comes from a refresh. Log in again for a fresh one."],
  [/^Only non-refresh tokens/, "A refresh token only gets new access tokens."],
  [/^Only refresh tokens/, "An access token cannot get another one."],
  [/^Signature verification failed/, "Header or claims are not what the server signed."],
  [/alg value is not allowed/, "A token does not choose how it is checked."],
];

function showExchange(request, answer, aside) {
  const latest = at("latest");
  const nodes = exchange(request, answer);
  if (aside) {
    putAside(...nodes);
    return;
  }
  if (!latest.hidden) putAside(...latest.childNodes);
  latest.replaceChildren(...nodes);
  latest.hidden = false;
  at("no-exchange").hidden = true;
  at("told").textContent = `${request.method} ${request.path}: ${answer.status} ${answer.message}`;
}

function putAside(...nodes) {
  const list = at("earlier-list");
  list.prepend(element("li", "", element("details", "", ...nodes)));
  while (list.children.length > EARLIER) list.lastChild.remove();
  at("earlier").hidden = false;
}

function exchange(request, answer) {
  const why = WHY.find(([pattern]) => pattern.test(answer.message))?.[1];
  return [
    element("summary", "",
      element("span", "method", request.method), " ", element("span", "path", request.path), " → ",
      element("span", answer.ok ? "status good" : "status bad", answer.status),
      answer.message ? ` ${answer.message}` : ""),
    why ? element("p", "why", why) : "",
    element("h3", "", "Request"), element("pre", "request", written(request)),
    element("h3", "", "Answer"), element("pre", "answer", answered(answer)),
  ];
}

function written({ method, path, headers, json, cookies }) {
  const lines = [`${method} ${path}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${shortened(value)}`)];
  if (cookies) lines.push("Cookie: (the browser adds them; no script sees the token)");
  if (json) lines.push("", JSON.stringify(json.password ? { ...json, password: "•••" } : json));
  return lines.join("\n");
}

function answered({ status, headers, text, body }) {
  const lines = [status, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const content = body === null ? text : JSON.stringify(body, null, 2);
  if (content) lines.push("", shortened(content));
  return lines.join("\n");
}

/** Tokens are long, and their ends do not help to read the rest. */
const shortened = (text) =>
  text.replace(/[\w-]{16,}\.[\w-]{16,}\.[\w-]*/g, (token) => `${token.slice(0, 10)}…${token.slice(-6)}`);

function notice(text) {
  at("notice").textContent = text ?? "";
  at("notice").hidden = text === null;
}

// --- The buttons ----------------------------------------------------------------------------------

function callButton(what, ...content) {
  const button = element("button", "", ...content, element("span", "what", what));
  button.type = "button";
  return button;
}

const attemptButtons = ATTEMPTS.map((attempt) => {
  const button = callButton("", element("span", "", attempt.name));
  button.addEventListener("click", () => attempt.run());
  at("attempts").append(element("li", "", button));
  return { attempt, button };
});

for (const [method, path, what] of ROUTES) {
  const button = callButton(what, element("span", "method", method), element("span", "path", path));
  button.addEventListener("click", () => callRoute(method, path));
  at("routes").append(element("li", "", button));
}

function showCalls() {
  for (const { attempt, button } of attemptButtons) {
    const ready = attempt.ready?.() ?? true;
    button.parentElement.hidden = (attempt.mode !== undefined && attempt.mode !== mode) ||
      (attempt.withSessions === true && !settings.sessions);
    button.disabled = !ready;
    button.lastChild.textContent = ready ? "" : attempt.otherwise;
  }
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  notice(null);
  logIn();
});
at("refresh").addEventListener("click", () => {
  notice(null);
  refresh();
});
at("show-sessions").addEventListener("click", () => loadSessions());
at("everywhere").addEventListener("click", () => {
  notice(null);
  logOutEverywhere();
});
at("logout").addEventListener("click", () => {
  notice(null);
  logOut();
});
for (const choice of document.querySelectorAll("input[name=mode]")) {
  choice.addEventListener("change", () => switchTo(choice.value));
}

// On a phone the sheet covers the page; it opens when it is wanted.
at("latest").open = matchMedia("(min-width: 60rem)").matches;
setInterval(showLife, 500);

at("header-form").textContent = `${settings.header_name}: ${`${settings.header_type} …`.trim()}`;
at("csrf-form").hidden = settings.csrf_methods.length === 0;
at("csrf-form").lastChild.textContent = settings.access_csrf_header;
at("sessions-part").hidden = !settings.sessions;

// A browser that has cookies from before goes on with them. One that restores the choice itself is asked first.
const looksInHeaders = settings.locations.includes("headers");
const onlyInCookies = settings.locations.includes("cookies") && !looksInHeaders;
const chosen = onlyInCookies || cookieValues(settings.access_csrf_cookie).length ? "cookies" : "headers";
document.querySelector(`input[name=mode][value=${chosen}]`).checked = true;
switchTo(chosen);
