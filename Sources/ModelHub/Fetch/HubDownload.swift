internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// Takes one file from one hub, with resume after each break.
struct HubDownload {
    let url: URL
    let total: Int64
    let settings: FetchSettings
    let journalURL: URL

    /// How a try ended badly.
    private enum Failure: Error {
        /// No answer; one more try, but none where the time for connecting ran out (a firewall that drops).
        case unreachable(ModelHubError)
        /// Worth another try.
        case broken(ModelHubError)
        /// Not worth another try.
        case final(ModelHubError)

        var error: ModelHubError {
            switch self {
            case .unreachable(let error), .broken(let error), .final(let error): error
            }
        }
    }

    /// Fills the file up to `total` bytes.
    ///
    /// - Parameters:
    ///   - file: All of its bytes on disk are hashed (`absorb`).
    ///   - journal: Address and tag are kept in it.
    func fill(
        _ file: inout PartialFile, journal: inout PullJournal, meter: inout ProgressMeter
    ) async throws(ModelHubError) {
        let client = Self.client(settings, for: url)
        let outcome: ModelHubError?
        do throws(ModelHubError) {
            try await fill(&file, &journal, &meter, client)
            outcome = nil
        } catch {
            outcome = error
        }
        try? await client.shutdown()
        if let outcome { throw outcome }
    }

    private func fill(
        _ file: inout PartialFile, _ journal: inout PullJournal, _ meter: inout ProgressMeter, _ client: HTTPClient
    ) async throws(ModelHubError) {
        if file.bytes > total {
            file.restart()
            try file.dropTail()
        }
        var failures = 0
        while file.bytes < total {
            let before = file.bytes
            do throws(Failure) {
                try await attempt(&file, &journal, &meter, client)
            } catch {
                if Task.isCancelled { throw .cancelled(name: url.lastPathComponent) }
                failures = file.bytes > before ? 1 : failures + 1
                switch error {
                case .final(let reason): throw reason
                case .unreachable(let reason) where failures > 1 || Self.isConnectTimeout(reason): throw reason
                case .broken(let reason) where failures > settings.retries: throw reason
                default: break
                }
                meter.update(.waiting, url.host ?? "", file.bytes, always: true)
                let seconds = min(30, settings.firstBackoff * Double(1 << min(failures - 1, 10)))
                try? await Task.sleep(for: .seconds(seconds))
            }
        }
    }

    private func attempt(
        _ file: inout PartialFile, _ journal: inout PullJournal, _ meter: inout ProgressMeter, _ client: HTTPClient
    ) async throws(Failure) {
        let tag = journal.address == url.absoluteString ? journal.tag : nil
        let response = try await request(client, from: file.bytes, tag: tag)
        do throws(ModelHubError) {
            try prepare(&file, for: response)
            let strong = response.headers.first(name: "ETag").flatMap { $0.hasPrefix("W/") ? nil : $0 }
            if journal.address != url.absoluteString || journal.tag != strong {
                (journal.address, journal.tag) = (url.absoluteString, strong)
                try journal.write(journalURL)
            }
        } catch {
            if case .network = error { throw .broken(error) }
            throw .final(error)
        }
        try await receive(response, into: &file, &meter)
    }

    /// Sends the request and follows redirects.
    private func request(_ client: HTTPClient, from offset: Int64, tag: String?) async throws(Failure)
        -> HTTPClientResponse
    {
        var address = url
        for _ in 0...max(0, settings.redirectLimit) {
            var request = HTTPClientRequest(url: address.absoluteString)
            request.headers.add(name: "User-Agent", value: "pallet")
            request.headers.add(name: "Accept-Encoding", value: "identity")
            if offset > 0 {
                request.headers.add(name: "Range", value: "bytes=\(offset)-")
                if let tag { request.headers.add(name: "If-Range", value: tag) }
            }
            let response: HTTPClientResponse
            do {
                response = try await client.execute(request, deadline: .distantFuture)
            } catch {
                throw .unreachable(.network(url: address.absoluteString, reason: Self.reason(error)))
            }
            switch response.status.code {
            case 301, 302, 303, 307, 308:
                do throws(ModelHubError) {
                    address = try HubAddress.redirect(from: address, location: response.headers.first(name: "Location"))
                } catch {
                    throw .final(error)
                }
            case 200, 206, 416: return response
            case let status:
                let error = ModelHubError.http(url: address.absoluteString, status: Int(status))
                if status == 408 || status == 425 || status == 429 || status >= 500 { throw .broken(error) }
                throw .final(error)
            }
        }
        let reason = "more than \(settings.redirectLimit) in a row"
        throw .final(.redirect(url: url.absoluteString, reason: reason))
    }

    /// Brings the file to the place where the answer begins. A server without ranges sends the whole file: it starts
    /// anew.
    private func prepare(_ file: inout PartialFile, for response: HTTPClientResponse) throws(ModelHubError) {
        let address = url.absoluteString
        if let coding = response.headers.first(name: "Content-Encoding"), coding.lowercased() != "identity" {
            throw .http(url: address, status: Int(response.status.code))
        }
        switch response.status.code {
        case 206:
            guard let range = HubAddress.contentRange(response.headers.first(name: "Content-Range")),
                range.first == file.bytes
            else {
                file.restart()
                try file.dropTail()
                throw .network(url: address, reason: "an answer for another range than asked; starting anew")
            }
            if let all = range.total, all != total { throw .wrongSize(source: address, expected: total, actual: all) }
        case 416:
            file.restart()
            try file.dropTail()
            throw .network(url: address, reason: "the range is not there; starting anew")
        default:
            if let length = response.headers.first(name: "Content-Length").flatMap({ Int64($0) }), length != total {
                throw .wrongSize(source: address, expected: total, actual: length)
            }
            file.restart()
        }
        try file.dropTail()
    }

    private func receive(
        _ response: HTTPClientResponse, into file: inout PartialFile, _ meter: inout ProgressMeter
    ) async throws(Failure) {
        let host = url.host ?? url.absoluteString
        var window = (start: ContinuousClock.now, bytes: file.bytes)
        do {
            for try await buffer in response.body {
                let count = Int64(buffer.readableBytes)
                guard file.bytes + count <= total else {
                    throw Failure.final(
                        .wrongSize(source: url.absoluteString, expected: total, actual: file.bytes + count))
                }
                do throws(ModelHubError) {
                    try file.append(Data(buffer.readableBytesView))
                } catch {
                    throw Failure.final(error)
                }
                meter.update(.downloading, host, file.bytes, always: file.bytes == total)
                let passed = (ContinuousClock.now - window.start) / .seconds(1)
                if passed >= settings.stallWindow {
                    let rate = Int(Double(file.bytes - window.bytes) / max(passed, 1e-6))
                    guard rate >= settings.minimumBytesPerSecond else {
                        throw Failure.broken(
                            .stalled(
                                url: url.absoluteString, bytesPerSecond: rate,
                                minimum: settings.minimumBytesPerSecond))
                    }
                    window = (ContinuousClock.now, file.bytes)
                }
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .broken(.network(url: url.absoluteString, reason: Self.reason(error)))
        }
        guard file.bytes == total else {
            let reason = "the connection ended after \(file.bytes) of \(total) bytes"
            throw .broken(.network(url: url.absoluteString, reason: reason))
        }
    }

    private static func isConnectTimeout(_ error: ModelHubError) -> Bool {
        guard case .network(_, let reason) = error else { return false }
        return reason == HTTPClientError.connectTimeout.shortDescription
    }

    private static func reason(_ error: any Error) -> String {
        if let error = error as? HTTPClientError { return String(error.shortDescription.prefix(200)) }
        return String(String(describing: error).prefix(200))
    }

    private static func client(_ settings: FetchSettings, for url: URL) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(
            connect: .milliseconds(Int64(settings.connectTimeout * 1000)),
            read: .milliseconds(Int64(settings.idleTimeout * 1000)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = ProxyChoice.proxy(for: url, environment: settings.proxyEnvironment)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
