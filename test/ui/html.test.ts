import { describe, expect, test } from "bun:test";
import { escapeText, html, outsideLink, type Piece } from "../../src/ui/html.ts";
import { hostile } from "./reading.ts";

describe("html", () => {
  test("escapes text, in elements and in attributes", () => {
    expect(html`<a title="${hostile}">${hostile}</a>`.text).toBe(
      `<a title="${escapeText(hostile)}">${escapeText(hostile)}</a>`,
    );
    expect(escapeText(hostile)).toBe(
      "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&quot;&amp;\u202e\ufffd\ufffd ünï 中",
    );
  });

  test("puts markup that it made itself as it is, and lists one after the other", () => {
    const items = ["<a>", "b"].map(item => html`<li>${item}</li>`);
    expect(html`<i>${items}${false}${undefined}${0}</i>`.text).toBe("<i><li>&lt;a&gt;</li><li>b</li>0</i>");
  });

  test("takes nothing that only looks like its own markup", () => {
    const forged = JSON.parse(`{"text":"<script>"}`) as Piece;
    expect(() => html`${forged}`).toThrow("only text, numbers and markup");
    expect(() => html`${{ toString: () => "<b>" } as unknown as Piece}`).toThrow("only text, numbers and markup");
  });

  test("keeps tabs and line ends", () => {
    expect(escapeText("a\tb\r\nc")).toBe("a\tb\r\nc");
  });

  test("links lead to web addresses alone", () => {
    expect(outsideLink("http://h:1/x?a=1&b=2", "x").text).toBe(
      `<a href="http://h:1/x?a=1&amp;b=2" rel="noreferrer">x</a>`,
    );
    for (const url of ["javascript:alert(1)", "data:text/html,x", "//h/x", "", "http://", undefined])
      expect(outsideLink(url, "<x>").text).toBe("&lt;x&gt;");
  });
});
