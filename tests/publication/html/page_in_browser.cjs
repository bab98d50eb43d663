// Opens pages in Chromium and prints as JSON what a reader would meet there.
// node page_in_browser.cjs CHROMIUM PAGE...
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const puppeteer = require("puppeteer-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [, , chromium, ...files] = process.argv;
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "pages-"));

async function open(browser, file, { width = 1280, scheme = "light", scripts = true } = {}) {
  // Each time as a reader who has never been here: the page remembers level and colours.
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const met = { requests: [], errors: [] };
  page.on("request", (one) => {
    if (!one.url().startsWith("data:")) met.requests.push(one.url());
  });
  page.on("console", (one) => {
    if (["error", "warn"].includes(one.type())) met.errors.push(one.text());
  });
  page.on("pageerror", (error) => met.errors.push(String(error)));
  await page.setViewport({ width, height: 800 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" }]);
  await page.setJavaScriptEnabled(scripts);
  await page.goto(`file://${path.resolve(file)}`, { waitUntil: "load" });
  return { page, met };
}

async function audit(browser, file) {
  const found = [];
  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 380]) {
      const { page, met } = await open(browser, file, { width, scheme });
      // All of it, also what waits to be drawn until it is near.
      await page.evaluate(() => {
        const expert = document.querySelector("input[value=expert]");
        if (expert) expert.click();
        for (const one of document.querySelectorAll("details")) one.open = true;
        for (const one of document.querySelectorAll("article")) one.style.contentVisibility = "visible";
      });
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => {
        const report = await axe.run(document, { resultTypes: ["violations"] });
        return report.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
      });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      found.push({ scheme, width, violations, overflow, ...met });
      await page.close();
    }
  }
  return found;
}

async function use(browser, file) {
  const { page } = await open(browser, file);
  const shown = () => page.evaluate(() => ({
    tables: [...document.querySelectorAll("article table")].filter((x) => x.checkVisibility()).length,
    charts: [...document.querySelectorAll(".plot")].filter((x) => x.checkVisibility()).length,
    level: document.querySelector("input[name=level]:checked").value,
  }));
  const told = () => page.evaluate(() => {
    const says = document.getElementById("says");
    return says.hidden ? null : says.textContent;
  });
  const result = { start: await shown() };

  await page.focus("#find");
  await page.keyboard.type("zzz");
  result.nothing = await page.$eval("#found", (x) => x.textContent);
  await page.keyboard.press("Escape");
  const code = await page.$eval("article .code", (x) => x.textContent);
  await page.keyboard.type(code.toLowerCase());
  result.found = await page.$eval("#found", (x) => x.textContent);
  await page.keyboard.press("Enter");
  result.went = (await page.evaluate(() => location.hash.slice(1))) === code;

  await page.click("input[value=expert]");
  result.expert = await shown();
  const scope = `article[id="${code}"]`;
  await page.$eval(`${scope} .plot [tabindex="0"]`, (mark) => mark.focus());
  result.first = await told();
  await page.keyboard.press("ArrowDown");
  result.second = await told();
  result.name = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  await page.keyboard.press("Escape");
  result.dismissed = await told();
  await page.hover(`${scope} table svg.interval`);
  result.row = await told();
  const spot = await page.$eval(`${scope} .plot [data-says]`, (mark) => {
    const at = mark.getBoundingClientRect();
    return [at.right + 12, at.top + at.height / 2 + 2];
  });
  await page.mouse.move(...spot);
  result.near = await told();
  await page.mouse.move(2, 2);
  result.left = await told();

  const dark = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await dark();
  await page.click("#dark");
  result.turned = before !== (await dark());
  result.pressed = await page.$eval("#dark", (x) => x.getAttribute("aria-pressed"));

  await page.evaluate(() => { location.hash = "#top"; });
  await page.click("input[value=decision]");
  await page.evaluate(() => { location.hash = "#overview"; });
  await new Promise((done) => setTimeout(done, 100));
  result.raised = await shown();
  result.current = await page.$$eval("nav [aria-current]", (all) => all.length);
  await page.close();

  const quiet = await open(browser, file, { scripts: false });
  const seen = await quiet.page.$$eval("main [data-audience]", (all) => all.map((x) => x.checkVisibility()));
  const controls = await quiet.page.$eval("#bar", (x) => x.checkVisibility());
  result.quiet = { all: seen.every(Boolean), parts: seen.length, controls };
  await quiet.page.close();
  return result;
}

(async () => {
  const browser = await puppeteer.launch({
    executablePath: chromium,
    headless: true,
    userDataDir: profile,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
  try {
    const made = {};
    for (const file of files) {
      const name = path.basename(file, ".html");
      made[name] = { audit: await audit(browser, file) };
      if (name !== "single") made[name].use = await use(browser, file);
    }
    console.log(JSON.stringify(made));
  } finally {
    await browser.close();
    fs.rmSync(profile, { recursive: true, force: true });
  }
})().catch((error) => { console.error(error); process.exit(1); });
