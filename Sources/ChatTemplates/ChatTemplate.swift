/// A Jinja chat template, compiled once and rendered often.
///
/// The language is Jinja2 3.1 as transformers runs it: immutable sandbox, `trim_blocks`, `lstrip_blocks`, lenient
/// undefined, `tojson` as Python's `json.dumps`, `break`, `continue`, `{% generation %}`. A template is foreign code:
/// it cannot loop for ever, fill memory or overflow the stack; each of these ends with a ``TemplateError``.
public struct ChatTemplate: Sendable {
    /// The text it was compiled from, byte for byte: what a fingerprint of the template is taken over.
    public let source: String
    private let program: Program

    /// Compiles a template. Cost: linear in its length. Throws ``TemplateError`` with the line.
    public init(source: String) throws(TemplateError) {
        self.source = source
        program = try Program(source: source)
    }

    /// Renders with exactly these variables: a name that is not given is undefined; of equal names the last counts.
    public func render(
        _ variables: [(String, TemplateValue)], now: TemplateDate, limits: TemplateLimits = .default
    ) throws(TemplateError) -> String {
        try Renderer(program, variables: variables, now: now, limits: limits).render()
    }
}
