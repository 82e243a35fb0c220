/// Why no model can be planned.
public enum ModelPlanError: Error, Equatable, Sendable {
    /// The embedding alone takes the budget, or hardly anything is left for blocks.
    case budgetTooSmall(parameters: Int, least: Int, vocabulary: Int)
    /// More parameters than can be trained here.
    case budgetTooLarge(parameters: Int, limit: Int)
    /// A depth that no model has.
    case depth(Int, limit: Int)
    /// A vocabulary without tokens or larger than any.
    case vocabulary(Int, limit: Int)
    /// A context too short for a question, or longer than can be trained here.
    case context(Int, least: Int, limit: Int)
    /// The tokenizer is not the one that the plan was made for.
    case tokenizer(planned: Int, actual: Int)
    /// The folder has a model already.
    case exists(path: String)
    /// A file cannot be written.
    case cannotWrite(path: String, reason: String)
}

extension ModelPlanError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .budgetTooSmall(let parameters, let least, let vocabulary):
            "A model of \(parameters) parameters cannot have a vocabulary of \(vocabulary) tokens: give at least \(least) "
                + "parameters, or train a smaller vocabulary (6000 to 8000 tokens suit a small Chinese model)."
        case .budgetTooLarge(let parameters, let limit):
            "A model of \(parameters) parameters is more than can be trained here: give at most \(limit)."
        case .depth(let depth, let limit): "A depth of \(depth) blocks is not possible: give 1 to \(limit)."
        case .vocabulary(let count, let limit): "A vocabulary of \(count) tokens is not possible: 1 to \(limit)."
        case .context(let context, let least, let limit):
            "A context of \(context) tokens is not possible: give \(least) to \(limit)."
        case .tokenizer(let planned, let actual):
            "The plan is for a vocabulary of \(planned) tokens, the tokenizer has \(actual). Plan for this tokenizer."
        case .exists(let path): "\(path) has a model already. Give another folder, or remove this one first."
        case .cannotWrite(let path, let reason): "\(path) cannot be written: \(reason)"
        }
    }
}
