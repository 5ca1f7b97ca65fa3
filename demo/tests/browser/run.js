// Clicks through the demo's page in a real Chromium. Started by .ci/browser: node run.js DEMO CHROMIUM

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [program, executablePath] = process.argv.slice(2);
const PATIENCE = 30_000;
const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // Cookies with a domain need a host that has one.
  "--host-resolver-rules=MAP *.example.test 127.0.0.1",
];
const BOTH = 'JWT_TOKEN_LOCATION = ["headers", "cookies"]';
// Of the requests that a page of another origin sends by itself, the one that can change something.
const OTHERS_PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>other</title>
<form method="post"><input name="x" value="y"></form>`;

const scratch = mkdtempSync(join(tmpdir(), "browser-"));
const children = [];
const tests = [];
const test = (name, run) => tests.push([name, run]);

/** Starts a demo with these settings: its origin. */
async function startDemo(...settings) {
  const file = join(scratch, `${children.length}.toml`);
  const own = [`JWT_SECRET_KEY = "${randomBytes(32).toString("hex")}"`, `DEMO_STORE = "sqlite:${children.length}.db"`];
  writeFileSync(file, [...own, ...settings, ""].join("\n"));
  // The environment is over the file, so none of ours may be set.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(JWT_|DEMO_|RUST_LOG$)/i.test(name)));
  const child = spawn(program, ["--settings", file, "--port", "0"], { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  let log = "";
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the demo does not listen: ${log}`)), PATIENCE);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`the demo ended: ${log}`)));
    child.stderr.on("data", (data) => {
      log += data;
      const origin = /listening on (http:\/\/\S+)/.exec(log)?.[1];
      if (origin) {
        clearTimeout(late);
        resolve(origin);
      }
    });
  });
}

const others = createServer((_, response) => {
  response.writeHead(200, { "Content-Type": "text/html" });
  response.end(OTHERS_PAGE);
});
await new Promise((resolve) => others.listen(0, "127.0.0.1", resolve));
const othersPort = others.address().port;
// Another origin, but by the rules of cookies the same site.
const SAME_SITE = `http://127.0.0.1:${othersPort}`;
// Another site.
const OTHER_SITE = `http://localhost:${othersPort}`;

// --- What the tests do with the page --------------------------------------------------------------

async function open(context, origin) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.complaints = [];
  page.requested = [];
  page.on("console", (message) => {
    // Chromium reports every status over 399 as an error; those are what the page is for.
    if (["error", "warning"].includes(message.type()) && !/^Failed to load resource/.test(message.text())) {
      page.complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => page.requested.push(request.url()));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
  });
  await page.goto(`${origin}/`);
  return page;
}

/** Clicks, and waits until the answer to this request is shown: its summary. */
async function sends(page, method, path, action) {
  const answered = page.waitForResponse((response) => {
    const url = new URL(response.url());
    return response.request().method() === method && url.pathname === path;
  });
  const [response] = await Promise.all([answered, action()]);
  const shown = page.locator("#latest summary", { hasText: `${method} ${path} → ${response.status()}` });
  await shown.waitFor();
  return { status: response.status(), summary: await shown.textContent() };
}

const route = (page, method, path) =>
  sends(page, method, path, () => page.locator("#routes button").filter({
    has: page.locator(".method", { hasText: new RegExp(`^${method}$`) }),
  }).filter({ has: page.locator(".path", { hasText: new RegExp(`^${path}$`) }) }).click());

const attempt = (page, name) =>
  sends(page, name.startsWith("POST") ? "POST" : "GET", "/protected", () => page.getByRole("button", { name }).click());

/** Clicks each route of the page, the one that logs out last. */
async function everyRoute(page, location, sent) {
  const expected = {
    "GET /protected": '"logged_in_as": "test"',
    "POST /protected": '"logged_in_as": "test"',
    "GET /optional": '"logged_in_as": "test"',
    "GET /fresh": '"logged_in_as": "test"',
    "GET /claims": '"sub": "test"',
    "GET /header": '"alg": "HS256"',
    "GET /location": `"location": "${location}"`,
    "GET /me": '"full_name": "Test User"',
    "POST /login": '"access_token": "',
    "DELETE /auth/logout": "Access token successfully revoked",
  };
  const buttons = page.locator("#routes button");
  const shown = await buttons.evaluateAll((all) =>
    all.map((one) => ["method", "path"].map((part) => one.querySelector(`.${part}`).textContent).join(" ")));
  assert.deepEqual(shown, Object.keys(expected));
  await page.getByLabel("Password").fill("test");
  for (const [name, body] of Object.entries(expected)) {
    const [method, path] = name.split(" ");
    assert.equal((await route(page, method, path)).status, 200, name);
    assert.ok((await answer(page)).includes(body), `${name}: ${await answer(page)}`);
    await sent(method, path);
  }
  const { status, summary } = await route(page, "GET", "/protected");
  assert.equal(status, 401);
  assert.match(summary, /Token has been revoked/);
  assert.deepEqual(page.complaints, []);
}

const answer = (page) => page.locator("#latest .answer").textContent();
const request = (page) => page.locator("#latest .request").textContent();

async function logIn(page, mode, path) {
  await page.locator(`input[name=mode][value=${mode}]`).check();
  await page.getByLabel("Username").fill("test");
  await page.getByLabel("Password").fill("test");
  await page.locator("#login button").click();
  await page.locator("#state", { hasText: "Logged in as test" }).waitFor();
  if (path) assert.match(await page.locator("#latest summary, #earlier-list summary").allTextContents().then((all) => all.join("\n")), path);
}

const logInWithHeader = (page) => logIn(page, "headers", /POST \/auth\/login → 200/);
const logInWithCookies = (page) => logIn(page, "cookies", /POST \/auth\/cookies → 200/);

const cookieNames = async (context) => (await context.cookies()).map((cookie) => cookie.name).sort();

const FOUR = ["access_token_cookie", "csrf_access_token", "csrf_refresh_token", "refresh_token_cookie"];

/** Posts a form to the demo from a page of another origin: what the demo answers. */
async function postForm(context, from, to) {
  const page = await context.newPage();
  await page.goto(from);
  const done = page.waitForResponse((response) => response.url() === to);
  await page.evaluate((to) => {
    document.forms[0].action = to;
    document.forms[0].submit();
  }, to);
  const response = await done;
  const body = await response.text();
  const sent = (await response.request().allHeaders()).cookie ?? "";
  await page.close();
  return { status: response.status(), body: body && JSON.parse(body), sent };
}

// --- The tests ------------------------------------------------------------------------------------

test("the page loads without complaints, asks nobody else, and has its headers", async ({ context, demo }) => {
  const page = await open(context, demo);
  await page.waitForLoadState("networkidle");
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(page.requested.filter((url) => !url.startsWith(`${demo}/`) && !url.startsWith("data:")), []);
  const headers = (await context.request.get(`${demo}/`)).headers();
  assert.match(headers["content-security-policy"], /^default-src 'none'; script-src 'self'; /);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["referrer-policy"], "no-referrer");
  assert.equal(headers["cache-control"], "no-store");
});

test("the policy holds: no foreign script, style or call gets through", async ({ context, demo }) => {
  const page = await open(context, demo);
  const blocked = await page.evaluate(async (other) => {
    const violated = [];
    document.addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    document.body.setAttribute("style", "color: red");
    await fetch(other).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { violated, ran: window.ran };
  }, SAME_SITE);
  assert.equal(blocked.ran, undefined);
  for (const directive of ["script-src-elem", "style-src-attr", "connect-src"]) {
    assert.ok(blocked.violated.includes(directive), `${directive}: ${blocked.violated}`);
  }
});

test("a wrong pair is refused in the example's words", async ({ context, demo }) => {
  const page = await open(context, demo);
  await page.getByLabel("Username").fill("test");
  await page.getByLabel("Password").fill("<b>wrong</b>");
  const { status, summary } = await sends(page, "POST", "/auth/login", () => page.locator("#login button").click());
  assert.equal(status, 401);
  assert.match(summary, /Bad username or password/);
  assert.doesNotMatch(await page.locator("body").textContent(), /<b>wrong/);
  assert.equal(await page.locator("#state").textContent(), "Not logged in");
});

test("header mode: the token is taken apart, every route answers", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithHeader(page);
  assert.deepEqual(await cookieNames(context), []);
  const names = await page.locator("#claims dt").allTextContents();
  assert.deepEqual(names, ["fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "sid", "exp"]);
  assert.match(await page.locator("#claims").textContent(), /expires at .*\d/);
  assert.deepEqual(await page.locator("#jose dt").allTextContents(), ["alg", "typ"]);
  assert.match(await page.locator("#life-text").textContent(), /^(15 min|14 min \d+ s) left of 15 min$/);
  assert.ok(Number(await page.locator("#life").getAttribute("max")) === 900);
  await everyRoute(page, "headers", async (method, path) => {
    if (path !== "/login") assert.match(await request(page), /Authorization: Bearer \S{10}…\S{6}$/m);
  });
});

test("header mode: no token, and made-up ones, are refused", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithHeader(page);
  for (const [name, status, message] of [
    ["No token at all", 401, /Missing /],
    ["A token whose subject was changed", 422, /Signature verification failed/],
    ["A token that claims to need no signature", 422, /The specified alg value is not allowed/],
    ["A refresh token where an access token is due", 422, /Only non-refresh tokens are allowed/],
  ]) {
    const told = await attempt(page, name);
    assert.equal(told.status, status, name);
    assert.match(told.summary, message, name);
  }
});

test("header mode: a refreshed token is another one, not fresh", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithHeader(page);
  const jti = () => page.locator("#claims > div", { hasText: "jti" }).locator("code").textContent();
  const before = await jti();
  assert.equal((await sends(page, "POST", "/auth/refresh", () => page.locator("#refresh").click())).status, 200);
  await page.waitForFunction((before) => !document.getElementById("claims").textContent.includes(before), before);
  assert.equal((await route(page, "GET", "/protected")).status, 200);
  const { status, summary } = await route(page, "GET", "/fresh");
  assert.equal(status, 401);
  assert.match(summary, /Fresh token required/);
});

test("header mode: after logging out the token is refused as revoked", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithHeader(page);
  assert.ok(await page.getByRole("button", { name: "Use the revoked token" }).isDisabled());
  await page.locator("#logout").click();
  await page.locator("#state", { hasText: "Not logged in" }).waitFor();
  assert.match(await answer(page), /Access token successfully revoked/);
  const { status, summary } = await attempt(page, "Use the revoked token");
  assert.equal(status, 401);
  assert.match(summary, /Token has been revoked/);
  assert.match(await page.locator("#latest .why").textContent(), /revoked, or its session is over/);
});

test("an expired token is refused", async ({ context, short }) => {
  const page = await open(context, short);
  await logInWithHeader(page);
  await page.locator("#life-text", { hasText: "Expired" }).waitFor();
  let told;
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    told = await route(page, "GET", "/protected");
    if (told.status !== 200) break;
  }
  assert.equal(told.status, 401);
  assert.match(told.summary, /Token has expired/);
  // Its successor works, for as long as it lives.
  assert.equal((await sends(page, "POST", "/auth/refresh", () => page.locator("#refresh").click())).status, 200);
});

test("cookie mode: no script can read the tokens", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  const readable = await page.evaluate(() => document.cookie);
  assert.match(readable, /csrf_access_token=/);
  assert.match(readable, /csrf_refresh_token=/);
  assert.doesNotMatch(readable, /access_token_cookie|refresh_token_cookie/);
  assert.deepEqual(await cookieNames(context), FOUR);
  for (const cookie of await context.cookies()) {
    assert.equal(cookie.httpOnly, cookie.name.endsWith("_token_cookie"), cookie.name);
  }
  // Nor does the page get at one in another way.
  const token = (await context.cookies()).find((cookie) => cookie.name === "access_token_cookie").value;
  assert.ok(!(await page.content()).includes(token));
  assert.deepEqual(await page.locator("#jose dt").allTextContents(), ["alg", "typ"]);
  assert.match(await page.locator("#claims").textContent(), /csrf/);
});

test("cookie mode: every route answers, those that change something with the CSRF value", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  await everyRoute(page, "cookies", async (method, path) => {
    if (path === "/login") return;
    const sent = await request(page);
    assert.match(sent, /^Cookie: /m);
    assert.doesNotMatch(sent, /Authorization/);
    if (method === "GET") assert.doesNotMatch(sent, /X-CSRF-TOKEN/);
    else assert.match(sent, /X-CSRF-TOKEN: [0-9a-f-]{36}/);
  });
});

for (const mode of ["headers", "cookies"]) {
  test(`the token's life runs down: ${mode}`, async ({ context, demo }) => {
    const page = await open(context, demo);
    await logIn(page, mode);
    const left = async () => ({ text: await page.locator("#life-text").textContent(), value: await page.locator("#life").evaluate((life) => life.value) });
    const before = await left();
    assert.ok(before.value > 0 && before.value <= 900);
    await page.waitForFunction((value) => document.getElementById("life").value <= value - 2, before.value);
    const after = await left();
    assert.match(after.text, /^14 min \d+ s left of 15 min$/);
    assert.notEqual(after.text, before.text);
    assert.ok(after.value < before.value);
  });
}

test("cookie mode: an expired token is refused, and refreshed", async ({ context, shortCookies }) => {
  const page = await open(context, shortCookies);
  await logInWithCookies(page);
  await page.locator("#life-text", { hasText: "left of 3 s" }).waitFor();
  await page.locator("#life-text", { hasText: "Expired" }).waitFor();
  let told;
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    told = await route(page, "GET", "/protected");
    if (told.status !== 200) break;
  }
  assert.equal(told.status, 401);
  assert.match(told.summary, /Token has expired/);
  assert.equal((await sends(page, "PUT", "/auth/cookies", () => page.locator("#refresh").click())).status, 200);
  await page.locator("#life-text", { hasText: "left of 3 s" }).waitFor();
});

test("cookie mode: a POST without the CSRF value, or with a wrong one, is refused", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  const without = await attempt(page, "POST with the cookies but without the CSRF value");
  assert.equal(without.status, 401);
  assert.match(without.summary, /Missing CSRF token/);
  const wrong = await attempt(page, "POST with the cookies and a wrong CSRF value");
  assert.equal(wrong.status, 401);
  assert.match(wrong.summary, /CSRF double submit tokens do not match/);
});

test("cookie mode: refreshing sets new cookies", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  const values = async () => Object.fromEntries((await context.cookies()).map(({ name, value }) => [name, value]));
  const before = await values();
  assert.equal((await sends(page, "PUT", "/auth/cookies", () => page.locator("#refresh").click())).status, 200);
  const after = await values();
  assert.notEqual(after.access_token_cookie, before.access_token_cookie);
  // A session keeps its CSRF values, so that other tabs that know them go on.
  assert.equal(after.csrf_access_token, before.csrf_access_token);
  assert.equal(after.csrf_refresh_token, before.csrf_refresh_token);
  // It is good once.
  assert.notEqual(after.refresh_token_cookie, before.refresh_token_cookie);
  assert.equal((await route(page, "POST", "/protected")).status, 200);
  assert.equal((await route(page, "GET", "/fresh")).status, 401);
});

test("cookie mode: a reload goes on with the cookies, a logout deletes all four", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  await page.reload();
  await page.locator("#state", { hasText: "Logged in as test" }).waitFor();
  assert.ok(await page.locator("input[value=cookies]").isChecked());
  assert.equal((await sends(page, "DELETE", "/auth/cookies", () => page.locator("#logout").click())).status, 200);
  await page.locator("#state", { hasText: "Not logged in" }).waitFor();
  assert.deepEqual(await cookieNames(context), []);
  assert.equal((await route(page, "GET", "/protected")).status, 401);
});

test("cookie mode: a revoked cookie is refused", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  assert.equal((await route(page, "DELETE", "/auth/logout")).status, 200);
  const { status, summary } = await route(page, "GET", "/protected");
  assert.equal(status, 401);
  assert.match(summary, /Token has been revoked/);
});

test("cookie mode: an old cookie of the same name, which the browser sends first, shuts nobody out", async ({ context, demo }) => {
  await context.addCookies([
    { name: "access_token_cookie", value: "old.cookie.value", httpOnly: true, domain: new URL(demo).hostname, path: "/protected" },
  ]);
  const page = await open(context, demo);
  await logInWithCookies(page);
  const sent = page.waitForRequest((request) => request.method() === "POST" && new URL(request.url()).pathname === "/protected");
  assert.equal((await route(page, "POST", "/protected")).status, 200);
  assert.match((await (await sent).allHeaders()).cookie, /access_token_cookie=old\.cookie\.value; .*access_token_cookie=ey/);
});

test("cookie mode: old cookies of another domain, CSRF values and all, shut nobody out", async ({ context, demo }) => {
  const old = { access_token_cookie: "old.cookie.value", refresh_token_cookie: "old.cookie.value", csrf_access_token: "old", csrf_refresh_token: "old" };
  const cookies = Object.entries(old).map(([name, value]) => ({ name, value, httpOnly: name.endsWith("_cookie"), domain: ".example.test", path: "/" }));
  await context.addCookies(cookies);
  const page = await open(context, `http://app.example.test:${new URL(demo).port}`);
  await logInWithCookies(page);
  assert.match(await page.evaluate(() => document.cookie), /csrf_access_token=old; .*csrf_access_token=[0-9a-f-]{36}/);
  assert.equal((await route(page, "POST", "/protected")).status, 200);
  assert.equal((await sends(page, "PUT", "/auth/cookies", () => page.locator("#refresh").click())).status, 200);
  assert.equal((await sends(page, "DELETE", "/auth/cookies", () => page.locator("#logout").click())).status, 200);
  await logInWithCookies(page);
  assert.equal((await route(page, "POST", "/protected")).status, 200);
});

for (const mode of ["headers", "cookies"]) {
  test(`a logout that the store does not carry out is no logout, and can be repeated: ${mode}`, async ({ context }) => {
    const file = join(scratch, `${children.length}.db`);
    const page = await open(context, await startDemo(BOTH));
    await logIn(page, mode);
    const logout = () => sends(page, "DELETE", mode === "cookies" ? "/auth/cookies" : "/auth/logout", () => page.locator("#logout").click());
    renameSync(file, `${file}.away`);
    assert.equal((await logout()).status, 503);
    await page.locator("#notice", { hasText: "You are still logged in" }).waitFor();
    await page.locator("#state", { hasText: "Logged in as test" }).waitFor();
    renameSync(`${file}.away`, file);
    let status;
    for (const end = Date.now() + PATIENCE; status !== 200 && Date.now() < end; ) ({ status } = await logout());
    assert.equal(status, 200);
    await page.locator("#state", { hasText: "Not logged in" }).waitFor();
    assert.equal(await page.locator("#notice").isVisible(), false);
  });
}

test("sessions: each device is listed, and can be logged out from another", async ({ browser }) => {
  const origin = await startDemo(BOTH);
  const [phone, laptop] = await Promise.all([browser.newContext(), browser.newContext()]);
  const [onPhone, onLaptop] = [await open(phone, origin), await open(laptop, origin)];
  await logInWithCookies(onPhone);
  await logInWithHeader(onLaptop);
  const listed = onLaptop.locator("#sessions li");
  await onLaptop.locator("#show-sessions").click();
  await onLaptop.waitForFunction(() => document.querySelectorAll("#sessions li").length === 2);
  assert.equal(await listed.filter({ hasText: "this device" }).count(), 1);
  assert.match(await listed.first().textContent(), /Chrom/);
  await onLaptop.getByRole("button", { name: "Log out there" }).click();
  await onLaptop.waitForFunction(() => document.querySelectorAll("#sessions li").length === 1);
  const { status, summary } = await route(onPhone, "GET", "/protected");
  assert.equal(status, 401);
  assert.match(summary, /Token has been revoked/);

  await logInWithCookies(onPhone);
  // The page has shown a login all the time; this one is there when both sessions are.
  await onPhone.waitForFunction(() => document.querySelectorAll("#sessions li").length === 2);
  assert.equal((await sends(onPhone, "DELETE", "/auth/sessions", () => onPhone.locator("#everywhere").click())).status, 200);
  for (const page of [onPhone, onLaptop]) assert.equal((await route(page, "GET", "/protected")).status, 401);
  for (const page of [onPhone, onLaptop]) assert.deepEqual(page.complaints, []);
  await Promise.all([phone.close(), laptop.close()]);
});

test("sessions: a refresh token that comes back later ends the session", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithHeader(page);
  const stolen = page.getByRole("button", { name: "A refresh token that was replaced" });
  assert.ok(await stolen.isDisabled());
  for (let times = 0; times < 2; times++) {
    const jti = await page.locator("#claims").textContent();
    assert.equal((await sends(page, "POST", "/auth/refresh", () => page.locator("#refresh").click())).status, 200);
    await page.waitForFunction((jti) => document.getElementById("claims").textContent !== jti, jti);
  }
  const { status, summary } = await sends(page, "POST", "/auth/refresh", () => stolen.click());
  assert.equal(status, 401);
  assert.match(summary, /Token has been revoked/);
  assert.equal((await route(page, "GET", "/protected")).status, 401);
});

test("header mode does not lean on the cookies of the other mode", async ({ context, demo }) => {
  const page = await open(context, demo);
  await logInWithCookies(page);
  await page.locator("input[name=mode][value=headers]").check();
  assert.equal((await route(page, "GET", "/protected")).status, 401);
});

test("a form on a page of another origin is refused: it cannot know the CSRF value", async ({ context, demo }) => {
  await logInWithCookies(await open(context, demo));
  for (const from of [SAME_SITE, OTHER_SITE]) {
    const told = await postForm(context, from, `${demo}/protected`);
    assert.equal(told.status, 401, from);
    assert.deepEqual(told.body, { msg: "Missing CSRF token" }, from);
    // So it was the CSRF check that refused it, not a missing cookie.
    assert.match(told.sent, /access_token_cookie=/, from);
  }
});

test("without CSRF protection the same form would get in: the test above tests something", async ({ context, open: demo }) => {
  await logInWithCookies(await open(context, demo));
  for (const from of [SAME_SITE, OTHER_SITE]) {
    const told = await postForm(context, from, `${demo}/protected`);
    assert.deepEqual([told.status, told.body], [200, { logged_in_as: "test" }], from);
  }
});

test("a script of the origin that the settings name reads the 401 and its words", async ({ context, demo }) => {
  const page = await context.newPage();
  await page.goto(SAME_SITE);
  const read = (authorization) => page.evaluate(async ([url, authorization]) => {
    const response = await fetch(url, authorization ? { headers: { Authorization: authorization } } : {});
    return [response.status, await response.json(), response.headers.get("WWW-Authenticate")];
  }, [`${demo}/protected`, authorization]);
  const [status, body, challenge] = await read(null);
  assert.equal(status, 401);
  assert.match(body.msg, /^Missing JWT in headers or cookies/);
  assert.match(challenge, /^Bearer/);
  // With the header the browser asks first; OPTIONS needs no token.
  assert.deepEqual((await read("Bearer a.b.c")).slice(0, 1), [422]);
});

test("a script of any other origin reads nothing", async ({ context, demo }) => {
  const page = await context.newPage();
  await page.goto(OTHER_SITE);
  const read = await page.evaluate((url) => fetch(url).then((response) => response.status, () => "nothing"), `${demo}/protected`);
  assert.equal(read, "nothing");
});

test("no page of another origin can frame it", async ({ context, demo }) => {
  const page = await context.newPage();
  const told = [];
  page.on("console", (message) => told.push(message.text()));
  await page.goto(SAME_SITE);
  await page.evaluate((url) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.onload = resolve;
    frame.src = url;
    document.body.append(frame);
  }), `${demo}/`);
  const framed = page.frames().find((frame) => frame !== page.mainFrame());
  // Chromium puts a page of its own there.
  assert.match(framed.url(), /^chrome-error:/);
  assert.equal(await framed.locator("#login").count(), 0);
  assert.match(told.join("\n"), /frame-ancestors 'none'/);
});

test("where the settings do not allow cookies, the page says so", async ({ context, plain }) => {
  const page = await open(context, plain);
  await page.locator("input[name=mode][value=cookies]").check();
  await page.getByLabel("Username").fill("test");
  await page.getByLabel("Password").fill("test");
  await page.locator("#login button").click();
  await page.locator("#notice", { hasText: "does not look for tokens in cookies" }).waitFor();
  await logInWithHeader(page);
  assert.equal((await route(page, "GET", "/protected")).status, 200);
});

test("other names of cookies, headers and claims are followed", async ({ context, renamed }) => {
  const page = await open(context, renamed);
  await logInWithHeader(page);
  assert.match(await page.locator("#header-form").textContent(), /^X-Token: JWT …$/);
  assert.equal((await route(page, "POST", "/protected")).status, 200);
  assert.match(await request(page), /^X-Token: JWT \S/m);
  await logInWithCookies(page);
  assert.deepEqual(await cookieNames(context), ["access_token_cookie", "refresh_token_cookie", "xsrf", "xsrf_refresh"]);
  assert.equal((await route(page, "POST", "/protected")).status, 200);
  assert.match(await request(page), /^X-Xsrf: [0-9a-f-]{36}$/m);
  assert.equal((await sends(page, "PUT", "/auth/cookies", () => page.locator("#refresh").click())).status, 200);
  assert.match(await request(page), /^X-Xsrf-Refresh: [0-9a-f-]{36}$/m);
  await page.reload();
  await page.locator("#state", { hasText: "Logged in as test" }).waitFor();
  assert.equal((await sends(page, "DELETE", "/auth/cookies", () => page.locator("#logout").click())).status, 200);
  assert.deepEqual(await cookieNames(context), []);
  assert.deepEqual(page.complaints, []);
});

test("where no cookie holds the CSRF value and headers are not looked at, the page finds a way or says so", async ({ context, hidden }) => {
  const page = await open(context, hidden);
  assert.ok(await page.locator("input[value=cookies]").isChecked());
  await logInWithCookies(page);
  assert.deepEqual(await cookieNames(context), ["access_token_cookie", "refresh_token_cookie"]);
  assert.equal((await route(page, "POST", "/protected")).status, 200);
  assert.equal((await sends(page, "PUT", "/auth/cookies", () => page.locator("#refresh").click())).status, 401);
  await page.locator("#notice", { hasText: "CSRF value is in no cookie" }).waitFor();
  await page.reload();
  await page.locator("#state", { hasText: "Logged in as test" }).waitFor();
  // The access token's own claim tells the value.
  assert.equal((await sends(page, "DELETE", "/auth/cookies", () => page.locator("#logout").click())).status, 200);
  assert.deepEqual(await cookieNames(context), []);
  await page.locator("input[value=headers]").check();
  await page.locator("#notice", { hasText: "does not look for tokens in headers" }).waitFor();
  await logInWithHeader(page);
  await page.locator("#notice", { hasText: "does not look for tokens in headers" }).waitFor();
  assert.equal((await route(page, "GET", "/protected")).status, 401);
});

test("without sessions the page refreshes with the same token, and lists none", async ({ context, sessionless }) => {
  const page = await open(context, sessionless);
  await logInWithHeader(page);
  assert.ok(await page.locator("#sessions-part").isHidden());
  for (let times = 0; times < 2; times++) {
    assert.equal((await sends(page, "POST", "/auth/refresh", () => page.locator("#refresh").click())).status, 200);
  }
  assert.equal((await route(page, "GET", "/protected")).status, 200);
});

test("on a phone, light and dark, nothing is wider than the screen and all controls have names", async ({ browser, demo }) => {
  const colors = new Set();
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, colorScheme });
    try {
      const page = await open(context, demo);
      await logInWithHeader(page);
      await route(page, "GET", "/protected");
      await page.locator("#latest summary").click();
      const { wide, color } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        color: getComputedStyle(document.body).backgroundColor,
      }));
      assert.equal(wide, 0, colorScheme);
      colors.add(color);
      const unnamed = await page.locator("button, input").evaluateAll((all) =>
        all.filter((one) => !one.textContent.trim() && !one.labels?.length && !one.ariaLabel).length);
      assert.equal(unnamed, 0);
      if (process.env.SCREENSHOTS) {
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${colorScheme}.png`), fullPage: true });
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${colorScheme}-top.png`) });
      }
    } finally {
      await context.close();
    }
  }
  assert.equal(colors.size, 2);
});

// --- Running them ---------------------------------------------------------------------------------

let passed = 0;
let failed = 0;
let browser;
try {
  const demos = {
    demo: await startDemo(BOTH, `DEMO_CORS_ORIGIN = "${SAME_SITE}"`),
    short: await startDemo("JWT_ACCESS_TOKEN_EXPIRES = 1"),
    open: await startDemo(BOTH, "JWT_COOKIE_CSRF_PROTECT = false"),
    shortCookies: await startDemo(BOTH, "JWT_ACCESS_TOKEN_EXPIRES = 3"),
    plain: await startDemo(),
    renamed: await startDemo(
      BOTH, 'JWT_HEADER_NAME = "X-Token"', 'JWT_HEADER_TYPE = "JWT"', 'JWT_IDENTITY_CLAIM = "user"',
      'JWT_ACCESS_CSRF_COOKIE_NAME = "xsrf"', 'JWT_ACCESS_CSRF_HEADER_NAME = "X-Xsrf"',
      'JWT_REFRESH_CSRF_COOKIE_NAME = "xsrf_refresh"', 'JWT_REFRESH_CSRF_HEADER_NAME = "X-Xsrf-Refresh"',
    ),
    hidden: await startDemo('JWT_TOKEN_LOCATION = "cookies"', "JWT_CSRF_IN_COOKIES = false"),
    sessionless: await startDemo("DEMO_SESSIONS = false"),
  };
  browser = await chromium.launch({ executablePath, headless: false, args: FLAGS });
  for (const [name, run] of tests) {
    // A context has its own cookies.
    const context = await browser.newContext();
    try {
      await run({ browser, context, ...demos });
      passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n${error.stack}`);
    } finally {
      await context.close();
    }
  }
} catch (error) {
  failed += 1;
  console.log(error.stack);
} finally {
  await browser?.close();
  for (const child of children) child.kill("SIGKILL");
  others.closeAllConnections();
  others.close();
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`test result: ${failed ? "FAILED" : "ok"}. ${passed} passed; ${failed} failed`);
process.exitCode = failed ? 1 : 0;
