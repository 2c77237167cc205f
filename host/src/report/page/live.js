// The live page: which address shows what, and the token.

const PAGES = [["runs", "Runs", (id) => (id === undefined ? runsPage() : runPage(id))], ["start", "Start", startPage], ["skills", "Skills", skillsPage], ["failures", "Failures", failuresPage], ["budgets", "Budgets", budgetsPage]];

function startLive(main, tools) {
  const nav = document.getElementById("nav");
  const gate = el("div", {});
  const place = el("div", {});
  let page = null;
  const show = () => {
    const asked = document.activeElement !== document.body;
    const [, name, ...rest] = location.hash.split("/").map(decoded);
    const [kind, , make] = PAGES.find(([kind]) => kind === name) || PAGES[0];
    if (page) page.leave();
    page = make(rest.length && rest[0] !== "" ? rest.join("/") : undefined);
    fill(nav, PAGES.map(([other, words]) => el("a", { href: "#/" + other, "aria-current": other === kind ? "page" : null }, words)));
    document.title = visible(page.title) + " · AOS";
    fill(place, page.node);
    const heading = place.querySelector("h1");
    if (heading && asked) heading.focus();
    scrollTo(0, 0);
  };
  addEventListener("hashchange", show);
  addEventListener("aos-token", () => askToken(gate, show, service.token() ? "The service does not know this token." : "This service answers to whoever has one of its tokens."));
  // The address says which page is shown, so that a link into this one may not change it.
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
  nav.hidden = false;
  tools.append(button("Token", () => askToken(gate, show), { class: "small" }), themeButton());
  fill(main, gate, place);
  show();
}

// A part of the address; one that was written wrongly, as it is.
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

// Asks for a bearer token. It is kept for this tab alone. `why` says why the service wants one; without it, it may be left.
function askToken(gate, show, why) {
  if (gate.firstChild) return;
  const input = el("input", { type: "password", id: freshId("token"), autocomplete: "off", spellcheck: "false" });
  const fault = el("p", { class: "fault", role: "alert" }, why);
  const use = () => {
    const token = input.value.trim();
    if (!/^[!-~]+$/.test(token)) return void fill(fault, "A token has printable ASCII characters, and no blanks.");
    service.keep(token);
    fill(gate);
    show();
  };
  fill(gate, el("form", { class: "notice form", onsubmit: (event) => { event.preventDefault(); use(); } },
    fault, el("label", { for: input.id }, "A bearer token of this service"), input,
    el("p", { class: "hint" }, "One of the lines of the file that aos serve was given with --tokens. It stays in this tab, and is gone with it."),
    el("p", { class: "tools" }, el("button", { type: "submit", class: "main" }, "Use it"), why ? null : button("Leave it", () => fill(gate)))));
  input.focus();
}

// Puts other children into an element, and leaves the focus where it was: what stands in the place of what had it gets it.
function refill(node, ...children) {
  const all = () => [...node.querySelectorAll("a[href], button:not(:disabled)")];
  const name = (one) => [one.tagName, one.getAttribute("href"), one.getAttribute("aria-label"), one.textContent].join(" ");
  const at = all().indexOf(document.activeElement);
  const had = at < 0 ? null : name(document.activeElement);
  fill(node, ...children);
  if (at < 0) return;
  const now = all();
  const next = now.find((one) => name(one) === had) || now[Math.min(at, now.length - 1)];
  if (next) next.focus({ preventScroll: true });
}
