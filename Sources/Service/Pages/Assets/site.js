"use strict";
// Asks the assistant without leaving the page. Without this script the same form answers with a page of its own.
// Everything that is shown is put in as text, never as markup.
(() => {
  const form = document.querySelector("form[data-ask]");
  if (!form || !window.ReadableStream || !window.TextDecoder) return;
  const log = document.getElementById("answers");
  const status = document.getElementById("ask-status");
  const field = form.elements.namedItem("q");
  const button = form.querySelector("button");
  const texts = form.dataset;
  const buttonText = button.textContent;
  // The heading below that of the box, which is a page of its own after a question without script.
  const heading = document.querySelector("#ask > h1") ? "h2" : "h3";
  let running = null;
  let count = 0;

  const element = (name, className, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  const runs = (node, list) => {
    for (const run of list) node.append(run.isQuoted ? element("mark", "", run.text) : run.text);
    return node;
  };

  // Running text, or a table of the document.
  const blockView = (block) => {
    if (!block.rows) return runs(document.createDocumentFragment(), block.text || []);
    const table = element("table");
    block.rows.forEach((cells, number) => {
      const isHead = block.hasHead && number === 0;
      const row = element("tr");
      for (const cell of cells) {
        const node = runs(element(isHead ? "th" : "td"), cell);
        if (isHead) node.scope = "col";
        row.append(node);
      }
      const place = isHead ? element("thead") : table;
      place.append(row);
      if (isHead) table.append(place);
    });
    return table;
  };

  const sourceItem = (source, id) => {
    const item = element("li");
    const details = element("details");
    const summary = element("summary");
    summary.append(element("b", "mark", source.number), " ", element("span", "", source.title));
    const body = element("div");
    body.id = id;
    const place = element("p", "place");
    if (source.heading) place.append(element("span", "", source.heading));
    if (source.date) {
      const time = element("time", "", source.date);
      time.dateTime = source.date;
      place.append(time);
    }
    place.append(element("span", "", source.document));
    const quote = element("blockquote");
    for (const block of source.blocks) quote.append(blockView(block));
    body.append(place, quote);
    details.append(summary, body);
    item.append(details);
    return item;
  };

  const answerView = (question) => {
    const prefix = "a" + ++count + "-source-";
    const article = element("article", "answer");
    const said = element("p", "said");
    const sources = element("div", "sources");
    // Sources are read when they are opened, not spoken into the answer.
    sources.setAttribute("aria-live", "off");
    const list = element("ol");
    const label = element("p", "label", texts.labelPlain);
    sources.hidden = true;
    sources.append(element("p", "small", texts.sources), list);
    article.append(element(heading, "", question), said, sources, label);
    log.append(article);
    const mark = (number) => {
      const link = element("a", "mark", number);
      link.href = "#" + prefix + number;
      link.setAttribute("aria-label", texts.source + " " + number);
      return link;
    };
    return {
      article,
      sentence(event) {
        for (const source of event.sources || []) {
          list.append(sourceItem(source, prefix + source.number));
          sources.hidden = false;
          label.textContent = texts.label;
        }
        // A whole sentence at once: a screen reader speaks sentences, not tokens.
        const span = element("span", "", event.text);
        for (const number of event.citations || []) span.append(mark(number));
        said.append(span);
      },
      text(text) { said.append(element("span", "", text)); },
      problem(text) { article.append(element("p", "problem", text)); },
    };
  };

  const handle = (event, view) => {
    if (event.error) throw new Error(event.error.message);
    if (event.type === "found") status.textContent = texts.writing;
    if (event.type === "sentence") view.sentence(event);
    if (event.type === "end") {
      if (event.text) view.text(event.text);
      status.textContent = texts.done;
      return true;
    }
    return false;
  };

  const read = async (response, view) => {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let buffer = "";
    let ended = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      buffer += decoder.decode(value, { stream: true });
      const events = buffer.split("\n\n");
      buffer = events.pop();
      for (const event of events) {
        const data = event.replace(/^data: ?/, "");
        if (data && data !== "[DONE]" && handle(JSON.parse(data), view)) ended = true;
      }
    }
    if (!ended) throw new Error(texts.failed);
  };

  const ask = async (question) => {
    const view = answerView(question);
    running = new AbortController();
    button.textContent = texts.stop;
    status.textContent = texts.waiting;
    view.article.classList.add("running");
    view.article.scrollIntoView({ block: "nearest" });
    const body = new URLSearchParams(new FormData(form));
    body.set("q", question);
    try {
      const response = await fetch("/ask", {
        method: "POST", body, headers: { Accept: "text/event-stream" }, signal: running.signal,
      });
      if (!response.ok || !response.body) {
        const answer = await response.json().catch(() => ({}));
        throw new Error(answer.error ? answer.error.message : texts.failed);
      }
      await read(response, view);
      form.elements.namedItem("earlier").value = question;
    } catch (error) {
      status.textContent = "";
      view.problem(error.name === "AbortError" ? texts.stopped
        : error instanceof TypeError ? texts.failed : error.message);
    } finally {
      running = null;
      button.textContent = buttonText;
      view.article.classList.remove("running");
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) return running.abort();
    const question = field.value.trim();
    if (!question) return field.focus();
    field.value = "";
    ask(question);
  });

  const examples = document.querySelector("form[data-ask-examples]");
  if (examples) {
    examples.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!running && event.submitter) ask(event.submitter.value);
    });
  }

  // Enter asks, Shift+Enter makes a new line; while an input method composes, Enter is its own.
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      if (!running) form.requestSubmit();
    }
  });

  // A mark opens its source.
  document.addEventListener("click", (event) => {
    const link = event.target.closest ? event.target.closest("a.mark") : null;
    const place = link && document.getElementById(link.hash.slice(1));
    const details = place && place.closest("details");
    if (details) details.open = true;
  });
})();
