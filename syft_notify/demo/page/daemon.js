// The service that polls: how it does, by its own report, and what it writes into its log.

import { clock, element, replaceWhenNew } from "./dom.js";

const find = (id) => document.getElementById(id);
const WORDS = {
  starting: "The story is being played",
  well: "All is well",
  troubled: "Something is in the way; it will try again",
  blocked: "Needs the owner",
  lost: "The demo ended",
};

function showState(state) {
  if (find("state").dataset.state === state && find("state").textContent === WORDS[state]) return;
  find("state").dataset.state = state;
  find("state").textContent = WORDS[state];
}

export function showDaemon(daemon, log, open) {
  showState(open ? daemon.state : "starting");
  showHealth(daemon);
  showLog(log);
}

export function showLost() {
  showState("lost");
  for (const button of document.querySelectorAll("button[data-act]")) button.disabled = true;
}

function showHealth(daemon) {
  const rows = [
    ["Polls", daemon.polls ?? 0],
    ["Last poll", daemon.last_poll ? clock(daemon.last_poll) : "none yet"],
    ["Last good poll", daemon.last_good_poll ? clock(daemon.last_good_poll) : "none yet"],
    ["Mails since the story", daemon.sent ?? 0],
    ["Waiting", daemon.pending ?? 0],
    ["Given up", daemon.failed ?? 0],
  ];
  replaceWhenNew(find("health"), JSON.stringify(rows), () =>
    rows.map(([name, value]) =>
      element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: String(value) })),
    ),
  );
  const problems = [...new Set([...daemon.needs_person, ...(daemon.problems ?? [])])];
  replaceWhenNew(find("problems"), JSON.stringify(problems), () =>
    problems.map((text) => element("li", { textContent: text })),
  );
}

function showLog(lines) {
  const log = find("log");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const isNew = replaceWhenNew(log, `${lines.length} ${lines.at(-1) ?? ""}`, () =>
    lines.map((line) =>
      element("span", {
        className: / - (WARNING|ERROR|CRITICAL) - /.test(line) ? "warning" : "",
        textContent: `${line.replace(/ - syft_notify\.\S+ - /, "  ")}\n`,
      }),
    ),
  );
  if (isNew && atEnd) log.scrollTop = log.scrollHeight;
}
