public import Foundation

/// Small models and expected values that lie in the project itself, each with the script that made it.
public enum FixtureFolder {
    /// `Tests/Fixtures`.
    public static let url: URL = {
        let source = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let tests = source.deletingLastPathComponent().deletingLastPathComponent()
        return tests.appendingPathComponent("Fixtures", isDirectory: true)
    }()
}
