internal import AsyncHTTPClient
internal import Foundation

/// The proxy that the environment names, as other programs read it: `https_proxy`, `http_proxy`, `all_proxy` in either
/// case, `no_proxy` as a list of hosts and domains. Loopback is never sent through a proxy.
enum ProxyChoice {
    static func proxy(for url: URL, environment: [String: String]) -> HTTPClient.Configuration.Proxy? {
        guard let proxy = address(for: url, environment: environment), let host = proxy.host else { return nil }
        let port = proxy.port ?? (proxy.scheme?.lowercased() == "https" ? 443 : 80)
        if let user = proxy.user {
            return .server(
                host: host, port: port, authorization: .basic(username: user, password: proxy.password ?? ""))
        }
        return .server(host: host, port: port)
    }

    /// The proxy's address, nil for a direct connection.
    static func address(for url: URL, environment: [String: String]) -> URL? {
        func value(_ name: String) -> String? {
            let found = environment[name] ?? environment[name.uppercased()]
            return found?.isEmpty == false ? found : nil
        }
        guard let host = url.host?.lowercased(), !isExempt(host, value("no_proxy")) else { return nil }
        let own = url.scheme?.lowercased() == "https" ? "https_proxy" : "http_proxy"
        guard let text = value(own) ?? value("all_proxy") else { return nil }
        let proxy = URL(string: text.contains("://") ? text : "http://" + text)
        // A SOCKS proxy would need another protocol; a direct try is better than none.
        return ["http", "https"].contains(proxy?.scheme?.lowercased()) ? proxy : nil
    }

    private static func isExempt(_ host: String, _ list: String?) -> Bool {
        if ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host) { return true }
        for entry in (list ?? "").lowercased().split(whereSeparator: { $0 == "," || $0 == " " }) {
            if entry == "*" { return true }
            let domain = entry.hasPrefix(".") ? entry.dropFirst() : entry
            if host == domain || host.hasSuffix("." + domain) { return true }
        }
        return false
    }
}
