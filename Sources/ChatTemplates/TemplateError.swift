/// Why a template could not be compiled or rendered.
///
/// Everything a hostile or unknown template does ends here: nothing traps. `message` is for people; programs look at
/// `rule`. The message may quote text of the conversation (a template chooses its own error text), so it belongs in
/// the answer to the caller, not in a log.
public struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The rule that was broken.
    public enum Rule: String, Sendable {
        /// The text is not a template: an unknown tag, an unbalanced bracket, an expression that does not end.
        case syntax
        /// A filter or test that the language does not have.
        case unknownName
        /// Something undefined was used where a value is needed.
        case undefined
        /// A value has the wrong type for what is done with it, or a call has the wrong arguments.
        case type
        /// A value of the right type that is out of range or not there.
        case value
        /// What the sandbox refuses: changing a list or dictionary, underscored attributes.
        case security
        /// The template itself called `raise_exception`.
        case raised
        /// A part of Jinja or Python that is not implemented; it is never guessed.
        case unsupported
        /// A bound of ``TemplateLimits`` was reached.
        case limit
        /// Text given as JSON is not JSON.
        case json
    }

    /// Which rule was broken.
    public let rule: Rule
    /// What is wrong, with the value found.
    public let message: String
    /// Line of the template, or of the text that was given as JSON, counted from 1; 0 where no line is known.
    public let line: Int
    /// Column in that line, in Unicode scalars from 1; known of JSON only, else 0.
    public let column: Int

    /// An error; without a line where none is known.
    public init(_ rule: Rule, _ message: String, line: Int = 0, column: Int = 0) {
        self.rule = rule
        self.message = message
        self.line = line
        self.column = column
    }

    /// Line, message and rule; of JSON, which need not have to do with a template, place and message.
    public var description: String {
        if rule == .json { return "line \(line), column \(column): \(message)" }
        return line > 0
            ? "template line \(line): \(message) (\(rule.rawValue))" : "template: \(message) (\(rule.rawValue))"
    }

    /// The same error with a line, where it had none.
    func at(line: Int) -> TemplateError {
        self.line > 0 ? self : TemplateError(rule, message, line: line)
    }
}
