/// A piece of HTML. What is written in the source is markup; what is interpolated is text and gets escaped.
///
///     let row: Markup = "<li title=\"\(station.note)\">\(station.city)</li>"
///
/// There is no way to interpolate a string unescaped, so nothing that a document, a model or a visitor wrote can
/// become an element. Text is escaped scalar by scalar: a template engine that replaces whole `Character`s misses a
/// quote that is followed by a combining mark, which is another `Character` and still ends an attribute.
struct Markup: Sendable, Equatable, ExpressibleByStringInterpolation {
    private(set) var html: String

    static let empty = Markup(stringLiteral: "")

    init(stringLiteral value: StaticString) {
        html = "\(value)"
    }

    init(stringInterpolation: Interpolation) {
        html = stringInterpolation.html
    }

    /// Pieces one after the other.
    init(_ pieces: some Sequence<Markup>) {
        html = pieces.reduce(into: "") { $0 += $1.html }
    }

    static func += (left: inout Markup, right: Markup) { left.html += right.html }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            html.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: StaticString) { html += "\(literal)" }
        mutating func appendInterpolation(_ text: String) { Markup.escape(text, into: &html) }
        mutating func appendInterpolation(_ number: Int) { html += String(number) }
        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        mutating func appendInterpolation(_ pieces: [Markup]) { for piece in pieces { html += piece.html } }
    }

    /// The text with what HTML would read as its own spelled out; safe as content and inside quoted attributes.
    /// Control characters other than tab and line feed, which HTML forbids, become U+FFFD.
    static func escape(_ text: String, into html: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": html += "&amp;"
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            case "\t", "\n", "\r": html.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": html.unicodeScalars.append("\u{FFFD}")
            default: html.unicodeScalars.append(scalar)
            }
        }
    }
}

extension String {
    /// Percent-encoded for a place in a path or query: everything but letters, digits and `-._~`.
    var urlEncoded: String {
        var result = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }
}
