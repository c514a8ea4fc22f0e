// One person's mailbox: the conversations, and the mail that is open.

import { clock, element, replaceWhenNew } from "./dom.js";
import { wireTabs } from "./tabs.js";

export class Mailbox {
  constructor(root, name) {
    root.append(document.getElementById("mailbox").content.cloneNode(true));
    this.root = root;
    this.person = "";
    this.threads = [];
    this.open = ""; // the id of the mail that is open
    this.read = new Set();
    this.follows = true; // until the person chooses, what came last is shown
    root.querySelector(".threads").setAttribute("aria-label", `${name}: conversations`);
    wireTabs(root, name);
  }

  part(selector) {
    return this.root.querySelector(selector);
  }

  show(person, threads) {
    if (person !== this.person) {
      this.person = person;
      this.open = "";
      this.follows = true;
    }
    this.threads = threads;
    const newest = threads[0]?.mails.at(-1)?.id ?? "";
    if (this.follows && newest !== this.open) this.openMail(newest);
    this.list();
  }

  list() {
    this.part(".empty").hidden = this.threads.length > 0;
    const key = JSON.stringify([this.person, this.threads, this.open]);
    replaceWhenNew(this.part(".threads ul"), key, () => this.threads.map((thread) => this.line(thread)));
    const thread = this.threads.find(({ mails }) => mails.some(({ id }) => id === this.open));
    this.part(".reading").hidden = !thread;
    if (!thread) return;
    this.part(".subject").textContent = thread.subject;
    const siblings = this.part(".siblings");
    if (replaceWhenNew(siblings, key, () => thread.mails.map((mail) => this.sibling(mail)))) {
      const open = siblings.querySelector("[aria-pressed=true]");
      siblings.scrollLeft = open.offsetLeft - siblings.offsetLeft; // not scrollIntoView: that moves the page too
    }
  }

  line(thread) {
    const last = thread.mails.at(-1);
    const unread = thread.mails.some(({ id }) => !this.read.has(id));
    const line = element(
      "button",
      { type: "button", className: unread ? "line unread" : "line" },
      element("span", { className: "headline", textContent: last.headline }),
      element("time", { dateTime: last.at, textContent: clock(last.at) }),
      element("span", { className: "of", textContent: `${thread.subject} · ${thread.mails.length}` }),
    );
    line.dataset.id = thread.id;
    if (thread.mails.some(({ id }) => id === this.open)) line.setAttribute("aria-current", "true");
    line.addEventListener("click", () => this.choose(last.id));
    return element("li", {}, line);
  }

  sibling(mail) {
    const made = element("button", { type: "button", textContent: mail.headline, title: clock(mail.at) });
    made.dataset.id = mail.id;
    made.setAttribute("aria-pressed", String(mail.id === this.open));
    made.addEventListener("click", () => this.choose(mail.id));
    return made;
  }

  choose(id) {
    this.follows = id === this.threads[0]?.mails.at(-1)?.id; // who opens the newest wants to see what comes
    this.openMail(id);
    this.list();
  }

  async openMail(id) {
    this.open = id;
    if (!id) return;
    this.read.add(id);
    const frame = this.part("iframe").cloneNode(); // a new one: another address in the old one would be a step of "Back"
    frame.src = `/mails/${id}/html`;
    this.part("iframe").replaceWith(frame);
    const answer = await fetch(`/mails/${id}`);
    if (!answer.ok || this.open !== id) return;
    const mail = await answer.json();
    this.part("pre.text").textContent = mail.text;
    this.part("dl.headers").replaceChildren(
      ...mail.headers.flatMap(([name, value]) => [
        element("dt", { textContent: name }),
        element("dd", { textContent: value }),
      ]),
    );
  }
}
