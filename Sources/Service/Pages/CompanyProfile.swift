import Storage

/// What every page says of the company.
struct CompanyProfile: Sendable {
    /// The company's full name; empty where nothing was imported.
    let name: String
    /// The short name that stands at the top.
    let siteName: String
    let hotline: String?
    let address: String?
    /// News categories as the site names them.
    let categories: [String]
    /// Questions that are offered to whoever does not know what to ask.
    let exampleQuestions: [String]

    init(facts: [String: String]) {
        func fact(_ key: String) -> String? { facts[key].flatMap { $0.isEmpty ? nil : $0 } }
        func lines(_ key: String) -> [String] {
            (facts[key] ?? "").split(whereSeparator: \.isNewline).map(String.init)
        }
        name = fact("name") ?? fact("site") ?? ""
        siteName = fact("site") ?? fact("name") ?? ""
        hotline = fact("hotline")
        address = fact("address")
        categories = lines("categories")
        exampleQuestions = Array(lines("example_questions").prefix(4))
    }

    /// The hotline as a `tel:` link dials it: digits, and a plus at the front.
    static func dialled(_ number: String) -> String {
        let digits = number.unicodeScalars.filter { ("0"..."9").contains($0) }
        return (number.hasPrefix("+") ? "+" : "") + String(String.UnicodeScalarView(digits))
    }

    /// The hotline as a link.
    func hotlineLink(class name: String = "") -> Markup {
        guard let hotline else { return .empty }
        return "<a class=\"\(name)\" href=\"tel:\(Self.dialled(hotline))\">\(hotline)</a>"
    }
}
