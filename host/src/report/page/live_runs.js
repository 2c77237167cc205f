// The list of runs: what the service knows, newest first, with filters that the service itself follows.

// Runs that are asked for at one time, and how often it is looked again.
const [PAGE, LOOK_AGAIN_MS] = [100, 2000];

function runsPage() {
  const state = { runs: [], next: null, filters: {} };
  const body = el("tbody", {});
  const notice = el("div", {});
  const more = button("Older ones", () => load(state.next), { class: "small", hidden: true });
  const filters = runFilters((found) => { state.filters = found; load(null); });
  let [asked, under] = [0, 0];
  const load = async (before) => {
    asked += 1;
    const own = asked;
    const query = new URLSearchParams({ ...state.filters, limit: PAGE, ...(before ? { before } : {}) });
    under += 1;
    const page = await tried(notice, () => service.get("v1/runs?" + query));
    under -= 1;
    // Answers may come in another order than they were asked for.
    if (!page || own !== asked) return;
    fill(notice);
    state.runs = before ? [...state.runs, ...page.runs] : page.runs;
    state.next = page.next;
    more.hidden = page.next === null;
    refill(body, state.runs.map(runLine), state.runs.length === 0 ? el("tr", {}, el("td", { colspan: "7" }, "There are no such runs. ", el("a", { href: "#/start" }, "Start one"), ".")) : null);
  };
  // Who has gone on to older runs is not thrown back.
  const again = () => { if (under === 0 && state.runs.length <= PAGE && !document.hidden) load(null); };
  const timer = setInterval(again, LOOK_AGAIN_MS);
  load(null);
  const head = el("tr", {}, ["Workflow", "State", "Code", "Began", "Took", "Charged", "Run"].map((text) => el("th", { scope: "col" }, text)));
  const node = el("div", {}, el("h1", { tabindex: "-1" }, "Runs"), filters, notice,
    el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Runs" }, el("table", { class: "runs" }, el("caption", { class: "unseen" }, "Runs, newest first"), el("thead", {}, head), body)), more);
  return { node, title: "Runs", leave: () => clearInterval(timer) };
}

function runFilters(changed) {
  const search = el("input", { type: "search", placeholder: "workflow, id, code, budget", "aria-label": "Search runs", maxlength: "200", size: "24" });
  const state = el("select", { "aria-label": "State" }, [["", "every state"], ["running", "under way"], ["ended", "ended"], ["resuming", "going on again"], ["left", "left"], ["stuck", "cannot go on"]].map(([value, words]) => el("option", { value }, words)));
  const code = el("input", { type: "text", placeholder: "code, such as OK", "aria-label": "Code", size: "14", maxlength: "64" });
  const tell = () => {
    const all = { q: search.value.trim(), state: state.value, code: code.value.trim().toUpperCase() };
    changed(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== "")));
  };
  let timer = 0;
  const soon = () => { clearTimeout(timer); timer = setTimeout(tell, 250); };
  search.addEventListener("input", soon);
  // Half a code is none.
  code.addEventListener("change", tell);
  state.addEventListener("change", tell);
  return el("div", { class: "tools", role: "search" }, search, state, code);
}

function runLine(run) {
  const state = run.state === "ended" ? run.status : run.state;
  return el("tr", {},
    el("td", {}, el("a", { href: "#/runs/" + run.id }, bdi(run.workflow))),
    el("td", {}, chip(look(state))),
    el("td", { class: "short" }, run.code || ""),
    el("td", { class: "short" }, date(run.began)),
    el("td", { class: "number" }, time((run.duration_ms || 0) * 1000)),
    el("td", { class: "number" }, money(run.charged), run.absorbed ? el("small", {}, ` + ${money(run.absorbed)}`) : null),
    el("td", {}, el("a", { href: "#/runs/" + run.id }, el("code", { class: "short" }, run.id))));
}
