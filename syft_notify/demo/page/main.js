// Asks what changed, twice a second, and lets each part of the page show it.

import { showPeople, wireActs, chosenScientist } from "./acts.js";
import { Mailbox } from "./mailbox.js";
import { showDaemon, showLost } from "./daemon.js";

const PAUSE_MS = 500;
const owner = new Mailbox(document.querySelector("[data-mailbox=owner]"), "Owner");
const scientist = new Mailbox(document.querySelector("[data-mailbox=scientist]"), "Scientist");
let latest = null;
let etag = "";

function show() {
  if (!latest) return;
  showPeople(latest);
  owner.show(latest.owner, latest.mailboxes[latest.owner] ?? []);
  const person = chosenScientist();
  scientist.show(person, latest.mailboxes[person] ?? []);
  showDaemon(latest.daemon, latest.log, latest.open);
}

async function look() {
  try {
    const answer = await fetch("/state", { headers: etag ? { "If-None-Match": etag } : {} });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag") ?? "";
      latest = await answer.json();
      show();
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // what fetch raises when nobody answers
    etag = "";
    showLost();
  }
}

async function keepLooking() {
  await look();
  setTimeout(keepLooking, PAUSE_MS);
}

wireActs({ changed: look, turned: show });
keepLooking();
