/// What cleaning removed, so that a report can say it.
public struct CleanedText: Sendable, Hashable {
    /// The clean text.
    public let text: String
    /// Control, zero-width, bidirectional and private-use characters that were removed.
    public let removedControls: Int
    /// U+FFFD characters that were removed: each stands for bytes that some earlier program could not read.
    public let removedReplacements: Int
}

extension Normalisation {
    /// The form in which records are kept: line ends become LF; control, zero-width, bidirectional and private-use
    /// characters and U+FFFD go; no-break blanks become blanks; blanks at the ends of lines go, and the ideographic
    /// blanks that indent a paragraph; at most one empty line in a row; no empty lines at either end.
    /// Compatibility forms stay as written: ①, ㎡ and full-width signs carry meaning.
    ///
    /// - Parameter text: any text.
    /// - Returns: the text, idempotent (cleaning it again changes nothing), and what was removed.
    public static func clean(_ text: String) -> CleanedText {
        var cleaner = TextCleaner(capacity: text.utf8.count)
        var previous: Unicode.Scalar = "\n"
        for scalar in text.unicodeScalars {
            cleaner.take(scalar, after: previous)
            previous = scalar
        }
        return cleaner.finish()
    }
}

/// The state of one pass of `Normalisation.clean`.
private struct TextCleaner {
    private var output = String.UnicodeScalarView()
    /// Blanks seen and not yet written: they are written when something follows on the same line.
    private var pendingBlanks: [Unicode.Scalar] = []
    private var pendingNewlines = 0
    private var removedControls = 0
    private var removedReplacements = 0
    private var atLineStart = true

    init(capacity: Int) {
        output.reserveCapacity(capacity)
    }

    mutating func take(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar) {
        switch scalar.value {
        case 0x0A:
            if previous.value != 0x0D { newline() }
        case 0x0D, 0x2028, 0x2029:
            newline()
        case 0x20, 0x09, 0x3000:
            if !(atLineStart && scalar.value == 0x3000) { pendingBlanks.append(scalar) }
        case 0xA0, 0x2000...0x200A, 0x202F, 0x205F:
            pendingBlanks.append(" ")
        case 0xFFFD:
            removedReplacements += 1
        case 0x200D where previous.properties.isEmoji && previous.value > 0x2000:
            write(scalar)  // joins the parts of one emoji
        case 0x00...0x1F, 0x7F...0x9F, 0xAD, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFC, 0xE000...0xF8FF, 0xE0000...0x10FFFF:
            removedControls += 1
        case _ where isNoncharacter(scalar):
            removedControls += 1
        default:
            write(scalar)
        }
    }

    private func isNoncharacter(_ scalar: Unicode.Scalar) -> Bool {
        (0xFDD0...0xFDEF).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE
    }

    private mutating func newline() {
        pendingBlanks.removeAll(keepingCapacity: true)
        pendingNewlines += 1
        atLineStart = true
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        if !output.isEmpty {
            for _ in 0..<min(pendingNewlines, 2) { output.append("\n") }
        }
        pendingNewlines = 0
        if !pendingBlanks.isEmpty {
            // One by one: appending a sequence to a scalar view copies all that is there already.
            for blank in pendingBlanks { output.append(blank) }
            pendingBlanks.removeAll(keepingCapacity: true)
        }
        output.append(scalar)
        atLineStart = false
    }

    mutating func finish() -> CleanedText {
        CleanedText(
            text: String(output), removedControls: removedControls, removedReplacements: removedReplacements)
    }
}
