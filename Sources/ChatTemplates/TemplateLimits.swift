/// What one rendering may cost. The defaults let every published template render conversations of some megabytes and
/// stop a hostile one in about a second and below 1 GiB.
public struct TemplateLimits: Sendable {
    /// Bytes of the finished text.
    public var outputBytes = 16 << 20
    /// Evaluated nodes, loop turns, list items and blocks of text touched; about 10 million a second.
    public var steps = 5_000_000
    /// Bytes of all strings, lists and dictionaries that are made, also those given back.
    public var allocatedBytes = 512 << 20
    /// Bytes of one string.
    public var stringBytes = 32 << 20
    /// Items of one list or dictionary.
    public var items = 1_000_000
    /// How deep statements, expressions and macro calls may stand inside each other while rendering. The default
    /// needs less than 1 MiB of stack in a release build and less than 4 MiB in a debug build.
    public var evaluationDepth = 600

    /// The defaults.
    public static let `default` = TemplateLimits()

    /// The defaults, to be changed.
    public init() {}

    /// How deep expressions and statements may nest in the text of a template.
    static let syntaxDepth = 128
    /// Bytes of a template.
    static let sourceBytes = 1 << 20
    /// Nodes that may be looked at to see which special names loops and macros read.
    static let nameSearch = 2_000_000
    /// How deep lists and dictionaries may nest, in variables as in what a template builds.
    static let valueDepth = 160
    /// Longest `range`, Jinja's own bound.
    static let range = 100_000
}
