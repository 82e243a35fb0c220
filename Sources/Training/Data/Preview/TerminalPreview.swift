/// A preview for the terminal.
public struct TerminalPreview: Sendable {
    /// How trained text is told from other text.
    public enum Style: Sendable {
        /// ANSI colours: trained green, the rest dim, control tokens of either bold.
        case colours
        /// Marks: trained text stands between ⟦ and ⟧.
        case marks
    }

    private let style: Style
    /// Characters of an untrained run that are shown; the middle of a longer one is left out and counted.
    private let longestRun: Int

    /// A way of showing rows.
    public init(style: Style, longestRun: Int = .max) {
        (self.style, self.longestRun) = (style, longestRun)
    }

    /// The text of a row. Control characters of the row are shown by their pictures, so that data cannot steer the
    /// terminal.
    public func text(_ row: RowPreview) -> String {
        row.runs.map { run in
            switch style {
            case .colours: coloured(run)
            case .marks: run.isTrained ? "⟦" + plain(run) + "⟧" : shortened(plain(run))
            }
        }.joined()
    }

    private func coloured(_ run: RowPreview.Run) -> String {
        let colour = run.isTrained ? "32" : "2"
        let parts = run.tokens.map { token in
            token.isControl ? "\u{1B}[1m" + Self.visible(token.text) + "\u{1B}[0;\(colour)m" : Self.visible(token.text)
        }
        guard run.isTrained || parts.joined().count > longestRun else {
            return "\u{1B}[\(colour)m" + parts.joined() + "\u{1B}[0m"
        }
        return "\u{1B}[\(colour)m" + (run.isTrained ? parts.joined() : shortened(plain(run))) + "\u{1B}[0m"
    }

    private func plain(_ run: RowPreview.Run) -> String { run.tokens.map { Self.visible($0.text) }.joined() }

    private func shortened(_ text: String) -> String {
        guard longestRun >= 2, text.count > longestRun else { return text }
        let half = longestRun / 2
        return text.prefix(half) + " …(\(text.count - 2 * half))… " + text.suffix(half)
    }

    /// Line feeds and tabs stay; other control characters become their pictures (U+2400 …).
    private static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A, 0x09: result.append(scalar)
            case 0..<0x20: result.append(Unicode.Scalar(0x2400 + scalar.value) ?? "?")
            case 0x7F: result.append("\u{2421}")
            case _ where isUnsafe(scalar): result.append("\u{FFFD}")
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// Control characters, and those that turn the direction of writing.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x09: false
        case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
