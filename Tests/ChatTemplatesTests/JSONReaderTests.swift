import ChatTemplates
import Testing

@Suite("JSON as variables")
struct JSONReaderTests {
    @Test func keepsKindsAndOrder() throws {
        let value = try TemplateValue(json: #"{"b": 1, "a": 1.0, "b": [true, null, "\u6258\ud83d\ude00"]}"#.utf8)
        guard case .dict(let entries) = value else {
            Issue.record("not a dictionary")
            return
        }
        #expect(entries.entries.map(\.key) == ["b", "a"])
        guard case .float(1)? = entries["a"], case .list(let items)? = entries["b"], items.count == 3,
            case .string("托😀") = items[2]
        else {
            Issue.record("wrong values")
            return
        }
    }

    @Test(arguments: [
        "", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "[1 2]", "nul", "\"\\ud800\"", "\"\\x\"", "\"a\nb\"",
        "NaN", "Infinity", "{1:2}", "[", "{\"a\"", "1 1", "\"abc", "--1", "1e", "'a'",
    ])
    func refuses(text: String) {
        #expect(throws: TemplateError.self) { try TemplateValue(json: text.utf8) }
    }

    @Test func refusesDeepNestingAndBrokenUTF8() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: TemplateError.self) { try TemplateValue(json: deep.utf8) }
        #expect(throws: TemplateError.self) { try TemplateValue(json: [0x22, 0xFF, 0x22] as [UInt8]) }
    }
}
