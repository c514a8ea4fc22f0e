// The buttons: which can be pressed now, and pressing them.

import { setChoices } from "./dom.js";

const find = (id) => document.getElementById(id);
const button = (act) => document.querySelector(`button[data-act="${act}"]`);
const token = document.querySelector("meta[name=demo-token]").content;
const ON_JOBS = ["approve", "reject", "run", "run-failing"];
let people = null;
let wanted = ""; // a scientist who just came, to be shown as soon as known
let seenJob = 0;
let number = 2;

export const chosenScientist = () => find("person").value;

export function showPeople(state) {
  people = state;
  find("owner-address").textContent = state.owner;
  setChoices(find("person"), state.scientists.map(({ email }) => ({ value: email, label: email })), "nobody yet");
  const newest = state.scientists.at(-1)?.email ?? "";
  if (wanted && newest !== wanted) {
    find("person").value = newest;
    wanted = "";
  }
  const open = state.jobs.filter(({ acts }) => acts.length);
  setChoices(find("job"), open.map((job) => ({ value: job.id, label: `${job.name} (${job.state})` })), "no job waits");
  const newestJob = open.at(-1)?.id ?? "";
  if (Number(newestJob) > seenJob) find("job").value = newestJob; // who submits wants to decide about it
  seenJob = Math.max(seenJob, Number(newestJob));
  const asking = state.open ? state.scientists.filter(({ peer }) => !peer) : [];
  setChoices(find("request"), asking.map(({ email }) => ({ value: email, label: email })), "no request waits");
  enable();
}

function enable() {
  if (!people) return;
  const job = people.jobs.find(({ id }) => id === find("job").value);
  const peer = people.scientists.find(({ email }) => email === chosenScientist())?.peer ?? false;
  for (const act of ON_JOBS) button(act).disabled = !people.open || !job?.acts.includes(act);
  button("accept").disabled = find("request").disabled;
  button("submit").disabled = !people.open || !peer || !find("name").value.trim();
  button("ask").disabled = !people.open;
  button("break-gmail").disabled = !people.open || !people.gmail_works;
  button("repair-gmail").disabled = !people.open || people.gmail_works;
  button("kill-token").disabled = !people.open || !people.token_lives;
  button("renew-token").disabled = !people.open || people.token_lives;
  find("hint").textContent = people.open && !peer ? "The owner accepts this scientist first." : "";
}

function said(act) {
  if (ON_JOBS.includes(act)) return { job: find("job").value };
  if (act === "accept") return { ds: find("request").value };
  if (act === "submit") return { ds: chosenScientist(), job: find("name").value };
  return {};
}

async function press(act) {
  button(act).disabled = true; // until the page knows better: twice would be once too often
  if (act === "ask") wanted = people.scientists.at(-1).email;
  const answer = await fetch(`/acts/${act}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Demo-Token": token },
    body: JSON.stringify(said(act)),
  });
  const reason = answer.ok ? "" : answer.status === 409 ? await answer.text() : "That did not work; load the page anew.";
  find("refusal").textContent = reason;
  find("refusal").hidden = !reason;
  if (act === "submit" && answer.ok) find("name").value = `average age ${++number}`;
}

// `changed` is called after an act, `turned` when only the choice of what to show changed.
export function wireActs({ changed, turned }) {
  const pressed = async (act) => {
    await press(act);
    await changed();
    enable();
  };
  for (const each of document.querySelectorAll("button[type=button][data-act]")) {
    each.addEventListener("click", () => pressed(each.dataset.act));
  }
  find("submission").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button("submit").disabled) pressed("submit");
  });
  find("name").addEventListener("input", enable);
  for (const id of ["job", "request"]) find(id).addEventListener("change", enable);
  find("person").addEventListener("change", turned);
}
