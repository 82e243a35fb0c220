import Foundation
import Testing
import Tokenizers
import Training

/// What people are shown is what is trained.
struct PreviewTests {
    private static func preview(_ text: String, labels: (Int) -> Bool) throws -> RowPreview {
        let tokenizer = try TestModel.tokenizer()
        let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: true).map { Int32($0) }
        let row = TrainingRow(
            tokens: tokens, labels: tokens.enumerated().map { labels($0.offset) ? $0.element : TrainingRow.ignored })
        return RowPreview(row, number: 0, tokenizer: tokenizer)
    }

    @Test("marks, colours, whole characters, nothing that steers a terminal")
    func terminal() throws {
        let row = try Self.preview("ab租😀\u{1B}[2J\n<|im_end|>", labels: { $0 >= 2 })
        #expect(TerminalPreview(style: .marks).text(row) == "ab⟦租😀␛[2J\n<|im_end|>⟧")
        let colours = TerminalPreview(style: .colours).text(row)
        #expect(colours.hasPrefix("\u{1B}[2mab\u{1B}[0m\u{1B}[32m租😀␛[2J\n"))
        #expect(colours.hasSuffix("\u{1B}[0m"))
        #expect(row.trainedCount == row.tokenCount - 2)
        let bidirectional = try Self.preview("a\u{202E}b\u{9B}c", labels: { _ in false })
        #expect(TerminalPreview(style: .marks).text(bidirectional) == "a\u{FFFD}b\u{FFFD}c")
        let long = try Self.preview(String(repeating: "x", count: 50), labels: { _ in false })
        #expect(TerminalPreview(style: .marks, longestRun: 10).text(long) == "xxxxx …(40)… xxxxx")
    }

    @Test("the first position and starts of packed documents are not trained, whatever their labels")
    func documents() throws {
        let row = TrainingRow(tokens: [97, 98, 99, 100], labels: [97, 98, 99, 100], positions: [0, 1, 0, 1])
        #expect(try TestModel.marked(row) == "a⟦b⟧c⟦d⟧")
        let preview = RowPreview(row, number: 0, tokenizer: try TestModel.tokenizer())
        #expect(preview.documents == 2)
        #expect(preview.trainedCount == 2)
    }

    @Test("the page shows text as text")
    func page() throws {
        let row = try Self.preview("</pre><script>alert(1)</script>&\"'", labels: { $0 > 3 })
        let page = PreviewPage().html(rows: [row], facts: [("<b>", "\"x\"")])
        #expect(!page.contains("<script"))
        #expect(!page.contains("<b>\""))
        #expect(page.contains("&lt;b&gt;"))
        #expect(page.components(separatedBy: "<pre>").count == 2)
        #expect(page.components(separatedBy: "</pre>").count == 2)
        #expect(!page.contains("http"))
        let shown = page.replacing(/<[^>]*>/, with: "")
        #expect(shown.contains("&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;"))
    }
}
