/// A preview as a page of its own: no scripts, nothing from elsewhere.
public struct PreviewPage: Sendable {
    /// The words of the page, in the reader's language.
    public struct Words: Sendable {
        /// Language code of the page.
        public var language = "en"
        /// Heading.
        public var title = "What is trained"
        /// What the colours mean.
        public var legend =
            "Green is trained, grey is only read. Frames are control tokens; ids show under the pointer."
        /// A row.
        public var row = "Row"
        /// Counts of a row.
        public var tokens = "tokens"
        /// Counts of a row.
        public var trained = "trained"

        /// English.
        public init() {}
    }

    private let words: Words

    /// A page in these words.
    public init(words: Words = .init()) { self.words = words }

    /// The page.
    ///
    /// - Parameter facts: lines of name and value that stand above the rows.
    public func html(rows: [RowPreview], facts: [(name: String, value: String)]) -> String {
        let table = facts.map { "<tr><th>\(Self.escaped($0.name))</th><td>\(Self.escaped($0.value))</td></tr>" }
        let sections = rows.map { row in
            """
            <section><h2>\(Self.escaped(words.row)) \(row.number + 1) · \(row.tokenCount) \(Self.escaped(words.tokens)), \
            \(row.trainedCount) \(Self.escaped(words.trained))</h2>
            <pre>\(row.runs.map(Self.html).joined())</pre></section>
            """
        }
        return """
            <!doctype html>
            <html lang="\(Self.escaped(words.language))"><head><meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(Self.escaped(words.title))</title>
            <style>
            body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
            th{text-align:left;padding-right:1rem;font-weight:600}
            h2{font-size:1rem;margin:2rem 0 .5rem}
            pre{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.7 ui-monospace,monospace;margin:0;padding:1rem;
            border:1px solid #ddd;border-radius:6px;color:#767676}
            .t{background:#d9f2dd;color:#0b3d17}
            .c{outline:1px solid currentColor;outline-offset:-1px}
            @media(prefers-color-scheme:dark){body{color:#ddd;background:#16181a}pre{border-color:#444;color:#8e8e8e}
            .t{background:#173d20;color:#c7f0d0}}
            </style></head><body>
            <h1>\(Self.escaped(words.title))</h1>
            <p>\(Self.escaped(words.legend))</p>
            <table>\(table.joined())</table>
            \(sections.joined(separator: "\n"))
            </body></html>

            """
    }

    private static func html(_ run: RowPreview.Run) -> String {
        let tokens = run.tokens.map { token in
            let classes = token.isControl ? " class=\"c\"" : ""
            return "<span title=\"\(token.id)\"\(classes)>\(escaped(token.text))</span>"
        }
        return run.isTrained ? "<b class=\"t\" style=\"font-weight:inherit\">\(tokens.joined())</b>" : tokens.joined()
    }

    /// Text that stands in a page or in an attribute as what it is.
    static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value): result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
