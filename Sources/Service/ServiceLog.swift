public import Logging

/// What the service writes to its log: constant messages, values as metadata, never a word of a prompt or an answer.
public struct ServiceLog: Sendable {
    private let logger: Logger

    /// Writes to the given logger.
    public init(_ logger: Logger) { self.logger = logger }

    /// A client left before its answer was whole. That is its right, and no trouble of the service.
    func departure(_ error: any Error) {
        logger.debug("the client left", metadata: ["error": "\(type(of: error))"])
    }

    func failure(_ message: Logger.Message, _ error: any Error) {
        logger.error(message, metadata: ["error": "\(type(of: error))"])
        logger.debug(message, metadata: ["detail": "\(error)"])
    }
}
