/// Unicode classes of scalars as the split rules need them, in a table of pages.
///
/// Letters, numbers and punctuation are the general categories L, N and P of the Swift runtime's Unicode tables; white
/// space is the property White_Space. Equal pages are stored once: about 60 KiB in all.
struct ScalarClasses: Sendable {
    static let letter: UInt8 = 1
    static let number: UInt8 = 2
    static let space: UInt8 = 4
    static let punctuation: UInt8 = 8

    /// The table; made once, at first use.
    static let shared = ScalarClasses()

    private let pages = ScalarPages(Self.computed)

    private init() {}

    /// The class bits of a scalar value; 0 for everything without a class.
    @inline(__always)
    subscript(_ scalar: UInt32) -> UInt8 { pages[scalar] }

    private static func computed(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.properties.isWhitespace { return space }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: letter
        case .decimalNumber, .letterNumber, .otherNumber: number
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            punctuation
        default: 0
        }
    }
}
