/// General categories of scalars as published patterns name them, in a table of pages made at the first use.
///
/// White space is a category of its own here: no pattern asks for the general category of a scalar that is white
/// space, and all ask for `\s`.
struct ScalarCategories: Sendable {
    static let uppercase: UInt8 = 1
    static let lowercase: UInt8 = 2
    static let titlecase: UInt8 = 3
    static let modifier: UInt8 = 4
    static let otherLetter: UInt8 = 5
    static let mark: UInt8 = 6
    static let number: UInt8 = 7
    static let punctuation: UInt8 = 8
    static let symbol: UInt8 = 9
    static let space: UInt8 = 10

    /// The table; made once, at first use.
    static let shared = ScalarCategories()

    private let pages = ScalarPages(Self.computed)

    private init() {}

    /// The category of a scalar value; 0 for controls, formats, private use and what is unassigned.
    @inline(__always)
    subscript(_ scalar: UInt32) -> UInt8 { pages[scalar] }

    /// The categories of a property such as `L` or `Lu` as bits, nil for one that no published pattern names.
    static func bits(of property: String) -> UInt32? {
        switch property {
        case "Lu": 1 << UInt32(uppercase)
        case "Ll": 1 << UInt32(lowercase)
        case "Lt": 1 << UInt32(titlecase)
        case "Lm": 1 << UInt32(modifier)
        case "Lo": 1 << UInt32(otherLetter)
        case "L": 0b111110
        case "M": 1 << UInt32(mark)
        case "N": 1 << UInt32(number)
        case "P": 1 << UInt32(punctuation)
        case "S": 1 << UInt32(symbol)
        default: nil
        }
    }

    private static func computed(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.properties.isWhitespace { return space }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter: uppercase
        case .lowercaseLetter: lowercase
        case .titlecaseLetter: titlecase
        case .modifierLetter: modifier
        case .otherLetter: otherLetter
        case .nonspacingMark, .spacingMark, .enclosingMark: mark
        case .decimalNumber, .letterNumber, .otherNumber: number
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            punctuation
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: symbol
        default: 0
        }
    }
}
