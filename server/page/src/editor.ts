// The editor of questions. What is wrong, what may stand at the cursor and what each word is come from the server, which
// asks its own parser. It lives in a shadow root, so that its styles need no exception from the content policy.

import { acceptCompletion, autocompletion, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { ask } from "./api";
import { debounced, h } from "./dom";

type Token = [from: number, to: number, kind: string];
interface Checked {
  tokens: Token[];
  error: { message: string; help: string | null; place: { from: number; to: number } | null } | null;
}

const setTokens = StateEffect.define<Token[]>();

const colours = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setTokens)) continue;
      const length = transaction.state.doc.length;
      const fitting = effect.value.filter(([from, to, kind]) => to <= length && from < to && kind !== "punctuation");
      next = Decoration.set(fitting.map(([from, to, kind]) => Decoration.mark({ class: `word-${kind}` }).range(from, to)));
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const look = EditorView.theme({
  "&": { fontSize: "0.95rem", color: "var(--text)", backgroundColor: "var(--field)", borderRadius: "8px" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "0.8rem 0.6rem", caretColor: "var(--text)", minHeight: "5rem" },
  ".cm-scroller": { lineHeight: "1.6", maxHeight: "22rem" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-placeholder": { color: "var(--dim)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selection) !important" },
  ".word-keyword": { color: "var(--word-keyword)", fontWeight: "600" },
  ".word-label": { color: "var(--word-label)" },
  ".word-type": { color: "var(--word-type)" },
  ".word-function": { color: "var(--word-function)" },
  ".word-property": { color: "var(--word-property)" },
  ".word-text, .word-number": { color: "var(--word-text)" },
  ".word-parameter": { color: "var(--word-function)" },
  ".word-comment": { color: "var(--dim)", fontStyle: "italic" },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px solid var(--denied)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "8px", boxShadow: "var(--shadow)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "var(--dim)", fontStyle: "normal", marginLeft: "0.8em" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", borderLeft: "3px solid var(--denied)", padding: "0.4rem 0.6rem" },
});

/** Typing over selected words is done here: the browser itself would keep their colours by an inline style, which the content
 * policy refuses. */
const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const over = !view.state.selection.main.empty && !view.composing;
    if (!over || event.inputType !== "insertText" || event.data === null) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

export interface Editor {
  element: HTMLElement;
  text(): string;
  set(text: string): void;
  focus(): void;
  /** Shows where a question that was run failed. */
  fail(message: string, place: { from: number; to: number } | null): void;
}

async function completions(context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const abort = new AbortController();
  context.addEventListener("abort", () => abort.abort());
  try {
    const answer = await ask<{ from: number; to: number; words: { label: string; apply: string; kind: string }[] }>(
      "complete",
      { text, cursor: context.pos },
      abort.signal,
    );
    if (!answer.words.length || (!context.explicit && answer.from === context.pos)) return null;
    return {
      from: answer.from,
      to: Math.max(answer.to, context.pos),
      filter: false,
      options: answer.words.map((word) => ({ label: word.label, apply: word.apply, detail: word.kind })),
    };
  } catch {
    return null;
  }
}

export function editor(initial: string, run: () => void, changed: (error: Checked["error"]) => void): Editor {
  const host = h("div", { class: "editor" });
  const root = host.attachShadow({ mode: "open" });
  let view: EditorView;
  let asked = 0;
  const check = debounced(150, async () => {
    const text = view.state.doc.toString();
    const own = ++asked;
    let checked: Checked;
    try {
      checked = await ask<Checked>("check", { text });
    } catch {
      return;
    }
    if (own !== asked || view.state.doc.toString() !== text) return;
    view.dispatch({ effects: setTokens.of(checked.tokens) });
    diagnose(checked.error?.message ?? null, checked.error?.place ?? null, checked.error?.help ?? null);
    changed(checked.error);
  });
  const diagnose = (message: string | null, place: { from: number; to: number } | null, help: string | null = null) => {
    const length = view.state.doc.length;
    const from = Math.min(place?.from ?? 0, length);
    const to = Math.max(from, Math.min(place?.to ?? length, length));
    const text = help ? `${message}\n${help}` : (message ?? "");
    const list = message === null ? [] : [{ from, to, severity: "error" as const, message: text }];
    view.dispatch(setDiagnostics(view.state, list));
  };
  view = new EditorView({
    parent: root as unknown as HTMLElement,
    root,
    state: EditorState.create({
      doc: initial,
      extensions: [
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          { key: "Shift-Enter", run: () => (run(), true) },
          { key: "Tab", run: acceptCompletion },
        ]),
        history(),
        drawSelection(),
        bracketMatching(),
        autocompletion({ override: [completions], icons: false }),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
        placeholder("MATCH gene -[*2..3]- disease"),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "Question", spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) check();
        }),
        typingOver,
        colours,
        look,
      ],
    }),
  });
  check();
  return {
    element: host,
    text: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    focus: () => view.focus(),
    fail: (message, place) => diagnose(message, place),
  };
}
