import ArgumentParser
import Foundation

/// An error as a person meets it: what is wrong, where, what to do, and an exit code of sysexits(3).
struct Failure: Error {
    /// Codes of sysexits(3).
    enum Code: Int32 {
        case usage = 64
        case data = 65
        case noInput = 66
        case noHost = 68
        case unavailable = 69
        case software = 70
        case system = 71
        case cannotCreate = 73
        case io = 74
        case temporary = 75
        case noPermission = 77
        case configuration = 78
    }

    let code: Code
    let message: String

    init(_ code: Code, _ chinese: String, _ english: String) {
        self.code = code
        message = text(chinese, english)
    }

    /// Prints the error and ends the program with its code.
    static func report(_ error: any Error) -> Never {
        if let failure = error as? Failure {
            Output.note(text("pallet：", "pallet: ") + failure.message)
            exit(failure.code.rawValue)
        }
        // What the argument parser has to say: help (0), usage (64), version (0).
        if error is CleanExit || error is ExitCode || error is ValidationError
            || Pallet.exitCode(for: error) != .failure
        {
            let code = Pallet.exitCode(for: error)
            let message = ParserMessage.localised(Pallet.fullMessage(for: error))
            if !message.isEmpty { code.isSuccess ? Output.line(message) : Output.note(message) }
            exit(code.rawValue)
        }
        let failure = Failure(error)
        Output.note(text("pallet：", "pallet: ") + failure.message)
        exit(failure.code.rawValue)
    }
}
