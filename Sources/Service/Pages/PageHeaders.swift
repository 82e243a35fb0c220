import HTTPTypes
import Hummingbird

/// Headers that every page carries.
enum PageHeaders {
    /// Everything comes from this server; nothing may be framed, sent elsewhere or guessed.
    ///
    /// The referrer policy is not `no-referrer`: with that, browsers send `Origin: null` with our own form, which the
    /// service would have to refuse as somebody else's.
    static var security: HTTPFields {
        var headers = HTTPFields()
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
            + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return headers
    }

    /// A page. `stored` false keeps it out of every cache: answers are between us and who asked.
    static func response(_ html: String, status: HTTPResponse.Status = .ok, stored: Bool = true) -> Response {
        var headers = security
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = stored ? "no-cache" : "no-store"
        headers[.vary] = "Accept, Accept-Language"
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: html)))
    }
}
