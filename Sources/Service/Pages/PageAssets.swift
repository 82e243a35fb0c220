import Crypto
import Foundation
import Hummingbird

/// Style, script and icon of the pages. They are part of the program; their names hold a hash of their bytes, so a
/// browser may keep them for ever.
struct PageAssets: Sendable {
    struct File: Sendable {
        let path: String
        let type: String
        let bytes: [UInt8]

        init(name: String, extension ending: String, type: String, bytes: [UInt8]) {
            let hash = SHA256.hash(data: bytes).prefix(6).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            path = "/assets/\(name)-\(hash).\(ending)"
            self.type = type
            self.bytes = bytes
        }
    }

    let style = File(
        name: "site", extension: "css", type: "text/css; charset=utf-8", bytes: PackageResources.site_css)
    let script = File(
        name: "site", extension: "js", type: "text/javascript; charset=utf-8", bytes: PackageResources.site_js)
    let icon = File(name: "icon", extension: "svg", type: "image/svg+xml", bytes: PackageResources.icon_svg)

    /// `GET /assets/:name`
    func respond(to request: Request) throws -> Response {
        guard let file = [style, script, icon].first(where: { $0.path == request.uri.path }) else {
            throw HTTPError(.notFound)
        }
        var headers = PageHeaders.security
        headers[.contentType] = file.type
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
}
