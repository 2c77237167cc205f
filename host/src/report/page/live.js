// The live page: which address shows what, and the token.

const PAGES = [["runs", "Runs", (id) => (id === undefined ? runsPage() : runPage(id))], ["start", "Start", startPage], ["skills", "Skills", skillsPage], ["failures", "Failures", failuresPage], ["budgets", "Budgets", budgetsPage]];

function startLive(main, tools) {
  const nav = document.getElementById("nav");
  const gate = el("div", {});
  const place = el("div", {});
  let page = null;
  const show = () => {
    const [, name, ...rest] = location.hash.split("/");
    const [kind, , make] = PAGES.find(([kind]) => kind === name) || PAGES[0];
    if (page) page.leave();
    page = make(rest.length && rest[0] !== "" ? decodeURIComponent(rest.join("/")) : undefined);
    fill(nav, PAGES.map(([other, words]) => el("a", { href: "#/" + other, "aria-current": other === kind ? "page" : null }, words)));
    document.title = visible(page.title) + " · AOS";
    fill(place, page.node);
    const heading = place.querySelector("h1");
    if (heading && document.activeElement !== document.body) heading.focus();
    scrollTo(0, 0);
  };
  addEventListener("hashchange", show);
  addEventListener("aos-token", () => askToken(gate, show));
  nav.hidden = false;
  tools.append(button("Token", () => askToken(gate, show), { class: "small" }), themeButton());
  fill(main, gate, place);
  show();
}

// Asks for a bearer token. It is kept for this tab alone.
function askToken(gate, show) {
  if (gate.firstChild) return;
  const input = el("input", { type: "password", id: freshId("token"), autocomplete: "off", spellcheck: "false" });
  const use = () => {
    service.keep(input.value.trim());
    fill(gate);
    show();
  };
  fill(gate, el("form", { class: "notice form", onsubmit: (event) => { event.preventDefault(); use(); } },
    el("label", { for: input.id }, "A bearer token of this service"), input,
    el("p", { class: "hint" }, "One of the lines of the file that aos serve was given with --tokens. It stays in this tab, and is gone with it."),
    el("p", { class: "tools" }, el("button", { type: "submit", class: "main" }, "Use it"), button("Leave it", () => fill(gate)))));
  input.focus();
}
