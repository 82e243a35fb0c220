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

    /// Start of each page of 256 scalars in `classes`.
    private let pages: [Int32]
    private let classes: [UInt8]

    private init() {
        var pages: [Int32] = []
        var classes: [UInt8] = []
        var known: [[UInt8]: Int32] = [:]
        for page in 0..<0x1100 {
            var content = [UInt8](repeating: 0, count: 256)
            // Planes 4 to 13 are unassigned and 15 and 16 private use: no class, no need to ask.
            if page < 0x400 || (page >= 0xE00 && page < 0xF00) {
                for low in 0..<256 {
                    guard let scalar = Unicode.Scalar(UInt32(page << 8 | low)) else { continue }
                    content[low] = Self.computed(scalar)
                }
            }
            if let start = known[content] {
                pages.append(start)
            } else {
                let start = Int32(classes.count)
                known[content] = start
                pages.append(start)
                classes.append(contentsOf: content)
            }
        }
        self.pages = pages
        self.classes = classes
    }

    /// The class bits of a scalar value; 0 for everything without a class.
    @inline(__always)
    subscript(_ scalar: UInt32) -> UInt8 {
        let page = Int(scalar >> 8)
        return page < pages.count ? classes[Int(pages[page]) &+ Int(scalar & 0xFF)] : 0
    }

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
