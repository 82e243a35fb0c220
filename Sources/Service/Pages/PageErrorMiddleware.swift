import Hummingbird

/// Shows browsers a small page where programs get an error as JSON.
struct PageErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    let pages: PageController

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as OpenAIError where Self.wantsPage(request) {
            let visitor = PageVisitor(request)
            // The page of an error must not fail with the database that made the error.
            let layout =
                (try? await pages.layout(visitor))
                ?? PageLayout(company: CompanyProfile(facts: [:]), visitor: visitor, assets: pages.assets)
            var response = PageHeaders.response(
                ErrorPage(layout: layout, status: error.status.code).html, status: error.status, stored: false)
            if error.status == .tooManyRequests || error.status == .serviceUnavailable {
                response.headers[.retryAfter] = "5"
            }
            if !error.allowedMethods.isEmpty {
                response.headers[.allow] = error.allowedMethods.joined(separator: ", ")
            }
            return response
        }
    }

    /// A person with a browser, outside the API.
    private static func wantsPage(_ request: Request) -> Bool {
        let path = request.uri.path
        guard path != "/v1", !path.hasPrefix("/v1/") else { return false }
        return request.headers[.accept]?.lowercased().contains("text/html") ?? false
    }
}

/// What a person reads when something did not work.
struct ErrorPage {
    let layout: PageLayout
    let status: Int

    var html: String {
        let visitor = layout.visitor
        let (title, text) = words(visitor)
        let hotline: Markup =
            layout.company.hotline == nil
            ? ""
            : "<p>\(visitor.text("也可以致电", "Or call")) \(layout.company.hotlineLink())</p>"
        let main: Markup = """
            <section class="error"><p class="status">\(status)</p><h1>\(title)</h1>
            <p>\(text)</p>
            <p><a class="back" href="\(visitor.link("/"))">\(visitor.text("回到首页", "To the front page"))</a></p>
            \(hotline)</section>
            """
        return layout.document(title: title, path: "/", indexed: false, main: main)
    }

    private func words(_ visitor: PageVisitor) -> (String, String) {
        switch status {
        case 404:
            (
                visitor.text("没有这个页面", "There is no such page"),
                visitor.text("地址可能有误，或者内容已经移走。", "The address may be wrong, or its content has moved.")
            )
        case 405:
            (
                visitor.text("这个页面不能这样访问", "Not in this way"),
                visitor.text("请从首页重新打开，或重新提交。", "Please start again from the front page.")
            )
        case 403:
            (
                visitor.text("不能从这里访问", "Not from here"),
                visitor.text("请求来自其他网站或使用了陌生的域名，未予受理。", "The request came from another site or an unknown name.")
            )
        case 413, 415:
            (
                visitor.text("没有读懂提交的内容", "The form could not be read"),
                visitor.text(
                    "内容过大或格式不对，请缩短后重试。", "It is too large or of another kind: please shorten it and try again.")
            )
        case 429, 503:
            (
                visitor.text("现在提问的人较多", "Many people are asking right now"),
                visitor.text("请稍候再试。", "Please try again in a moment.")
            )
        default:
            (
                visitor.text("出了点问题", "Something went wrong"),
                visitor.text("请稍后重试。", "Please try again later.")
            )
        }
    }
}
