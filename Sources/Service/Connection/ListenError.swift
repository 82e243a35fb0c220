import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why the service cannot listen where it should.
public enum ListenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No address of that name.
    case unknownHost(String)
    /// The address belongs to no interface of this machine.
    case notThisMachine(host: String)
    /// Another program listens there.
    case portInUse(host: String, port: Int)
    /// The system does not let this user listen there.
    case notPermitted(host: String, port: Int)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .unknownHost(let host):
            "there is no host '\(host)': give --host a name or address of this machine, for example 127.0.0.1 or 0.0.0.0"
        case .notThisMachine(let host):
            "'\(host)' is no address of this machine: give --host one that is, or 0.0.0.0 for all of them"
        case .portInUse(let host, let port):
            "port \(port) of \(host) is in use: take another --port, or stop the program that has it"
        case .notPermitted(let host, let port):
            "this user may not listen on port \(port) of \(host): take a --port above 1023"
        }
    }

    /// What the system's refusal means; nil where it has nothing to do with listening.
    init?(_ error: any Error, host: String, port: Int) {
        guard let code = (error as? IOError)?.errnoCode else { return nil }
        switch code {
        case EADDRINUSE: self = .portInUse(host: host, port: port)
        case EADDRNOTAVAIL: self = .notThisMachine(host: host)
        case EACCES, EPERM: self = .notPermitted(host: host, port: port)
        default: return nil
        }
    }
}

extension PalletApplication.Configuration {
    /// Looks the host up, so that a wrong one is told before a model is loaded.
    public func checkHost() throws(ListenError) {
        do {
            _ = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw .unknownHost(host)
        }
    }
}
