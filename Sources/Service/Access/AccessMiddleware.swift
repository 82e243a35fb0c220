import Crypto
import Foundation
import Hummingbird
public import Storage

/// Who may come in.
public struct AccessPolicy: Sendable {
    /// Whether `/v1` needs an API key. Off loopback it always does.
    public let requiresKey: Bool
    /// Names under which the service may be addressed; empty where it listens beyond loopback.
    public let hosts: Set<String>
    let keys: any APIKeyRepository

    /// A policy that looks keys up in `keys`.
    public init(requiresKey: Bool, hosts: Set<String>, keys: any APIKeyRepository) {
        self.requiresKey = requiresKey
        self.hosts = hosts
        self.keys = keys
    }

    /// Names of this very machine.
    public static let loopbackHosts: Set<String> = ["localhost", "127.0.0.1", "[::1]", "::1"]

    /// SHA-256 of a key, 64 hex digits: what is stored in its place.
    public static func hash(_ key: String) -> String {
        SHA256.hash(data: Data(key.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }
}

/// Refuses requests that come through a browser page of somebody else, or under a name that is not ours.
///
/// A service without keys on loopback is reachable for every page that the user opens: a page may send requests to
/// 127.0.0.1, and a name that its owner points there makes it same-origin (DNS rebinding). So the Host must be a name
/// of this machine, and an Origin, which only browsers send, must be our own.
struct OriginMiddleware<Context: RequestContext>: RouterMiddleware {
    let policy: AccessPolicy

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? ""
        if !policy.hosts.isEmpty, !policy.hosts.contains(Self.host(of: authority)) {
            await request.drainBody()
            throw OpenAIError(
                .forbidden, type: "invalid_request_error",
                message: "The host '\(authority.prefix(100))' is not a name of this service.", code: "host_not_allowed")
        }
        if request.method != .get, request.method != .head, let origin = request.headers[.origin] {
            let own = origin.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? ""
            guard own == authority else {
                await request.drainBody()
                throw OpenAIError(
                    .forbidden, type: "invalid_request_error",
                    message: "Requests from pages of another origin are not accepted.", code: "origin_not_allowed")
            }
        }
        return try await next(request, context)
    }

    /// The host without its port.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[...end]).lowercased()
        }
        return authority.split(separator: ":", maxSplits: 1).first.map { $0.lowercased() } ?? ""
    }
}

/// Wants a good API key as `Authorization: Bearer …` where the policy says so.
struct KeyMiddleware<Context: RequestContext>: RouterMiddleware {
    let policy: AccessPolicy

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard policy.requiresKey else { return try await next(request, context) }
        let header = request.headers[.authorization] ?? ""
        guard header.lowercased().hasPrefix("bearer ") else {
            await request.drainBody()
            throw Self.refusal("No API key was given: send it as 'Authorization: Bearer KEY'.", "missing_api_key")
        }
        let key = header.dropFirst(7).trimmingCharacters(in: .whitespaces)
        // The key is looked up by its hash: nothing is compared character by character, so time tells nothing.
        guard !key.isEmpty, key.utf8.count <= 256,
            try await policy.keys.activeKey(hash: AccessPolicy.hash(key)) != nil
        else {
            await request.drainBody()
            throw Self.refusal("The API key is not valid.", "invalid_api_key")
        }
        return try await next(request, context)
    }

    private static func refusal(_ message: String, _ code: String) -> OpenAIError {
        OpenAIError(.unauthorized, type: "authentication_error", message: message, code: code)
    }
}
