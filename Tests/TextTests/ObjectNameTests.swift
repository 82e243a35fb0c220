import Testing
import Text

/// The rule for names that become folders.
struct ObjectNameTests {
    @Test(arguments: [
        "", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-option", "a b", "a\0b", "a\n", "a:b", "*", "~", "%2e%2e",
        String(repeating: "a", count: 65), String(repeating: "名", count: 22), "\u{202E}abc",
    ])
    func namesThatCouldLeadElsewhereAreRefused(name: String) { #expect(!ObjectName.isValid(name)) }

    @Test(arguments: ["a", "company", "公司资料", "v1.2_final-3", "...a".replacing("...", with: "a."), "２０２６"])
    func plainNamesAreTaken(name: String) { #expect(ObjectName.isValid(name)) }
}
