"""The official openai package against the service."""

import concurrent.futures
import contextlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import openai

from serving import Server


def client(server, key="none"):
    return openai.OpenAI(base_url=server.address + "/v1", api_key=key, max_retries=0, timeout=120)


def raises(kind, call, **attributes):
    """The call must raise this error with these attributes."""
    try:
        call()
    except kind as error:
        for name, expected in attributes.items():
            actual = getattr(error, name)
            assert actual == expected, f"{kind.__name__}.{name} is {actual!r}, expected {expected!r}"
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


HELLO = [{"role": "user", "content": "Say hello."}]


def lists_models(server):
    names = [m.id for m in client(server).models.list()]
    assert "assistant" in names and len(names) == 3, names
    assert client(server).models.retrieve("assistant").id == "assistant"


def writer(server):
    return next(m.id for m in client(server).models.list() if m.id != "assistant")


def chats(server):
    answer = client(server).chat.completions.create(
        model=writer(server), messages=HELLO, max_tokens=12, temperature=0)
    assert answer.object == "chat.completion" and answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.prompt_tokens > 0 and 0 < usage.completion_tokens <= 12
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def same_seed_gives_the_same_answer(server):
    def say(seed):
        return client(server).chat.completions.create(
            model=writer(server), messages=HELLO, max_tokens=12, temperature=1, seed=seed).choices[0].message.content
    assert say(7) == say(7)


def streams_what_it_says_whole(server):
    arguments = dict(model=writer(server), messages=HELLO, max_tokens=16, temperature=0)
    whole = client(server).chat.completions.create(**arguments)
    chunks = list(client(server).chat.completions.create(
        **arguments, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == whole.choices[0].finish_reason
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens and not chunks[-1].choices


def completes(server):
    arguments = dict(model=writer(server), prompt="Once upon a time", max_tokens=8, temperature=0)
    whole = client(server).completions.create(**arguments)
    assert whole.object == "text_completion" and whole.usage.completion_tokens <= 8
    streamed = "".join(c.choices[0].text for c in client(server).completions.create(**arguments, stream=True))
    assert streamed == whole.choices[0].text


def stops_at_stop_strings(server):
    arguments = dict(model=writer(server), prompt="Once upon a time", max_tokens=24, temperature=0)
    text = client(server).completions.create(**arguments).choices[0].text
    stop = text[len(text) // 2:][:3]
    cut = client(server).completions.create(**arguments, stop=[stop])
    assert cut.choices[0].text == text[:text.index(stop)] and cut.choices[0].finish_reason == "stop"


def reports_log_probabilities(server):
    answer = client(server).chat.completions.create(
        model=writer(server), messages=HELLO, max_tokens=4, temperature=0, logprobs=True, top_logprobs=3)
    content = answer.choices[0].logprobs.content
    assert len(content) == answer.usage.completion_tokens or len(content) == answer.usage.completion_tokens - 1
    for token in content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.logprob >= max(t.logprob for t in token.top_logprobs) - 1e-6  # greedy


def assistant_answers_with_sources(server):
    question = [{"role": "user", "content": "周日收货吗？"}]
    answer = client(server).chat.completions.create(model="assistant", messages=question)
    citations = answer.model_extra["citations"]
    assert answer.model_extra["answered"] is True and citations, answer
    first = citations[0]
    assert first["document"] == "opening-hours.md" and first["number"] == 1, first
    assert "周日" in first["text"] and first["length"] == len(first["text"]) and first["offset"] >= 0, first
    assert "不收货" in answer.choices[0].message.content, answer.choices[0].message.content


def assistant_streams_with_sources(server):
    question = [{"role": "user", "content": "押金几个工作日退回？"}]
    chunks = list(client(server).chat.completions.create(model="assistant", messages=question, stream=True))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "7" in text, text
    last = chunks[-1]
    assert last.choices[0].finish_reason == "stop"
    assert last.model_extra["citations"][0]["document"] == "rental-rules.md", last


def assistant_refuses_with_the_hotline(server):
    question = [{"role": "user", "content": "火星上的量子计算机多少钱？"}]
    answer = client(server).chat.completions.create(model="assistant", messages=question)
    text = answer.choices[0].message.content
    assert answer.model_extra["answered"] is False and answer.model_extra["citations"] == []
    assert "资料中未找到" in text and "400-404-0258" in text, text


def errors_are_typed(server):
    api, name = client(server), writer(server)
    chat = api.chat.completions.create
    raises(openai.NotFoundError, lambda: chat(model="none", messages=HELLO), code="model_not_found", param="model")
    raises(openai.BadRequestError, lambda: chat(model=name, messages=HELLO, temperature=9), param="temperature")
    raises(openai.BadRequestError, lambda: chat(model=name, messages=[]), param="messages")
    raises(openai.BadRequestError, lambda: chat(model=name, messages=HELLO, n=3), param="n")
    long = [{"role": "user", "content": "word " * 20000}]
    error = raises(openai.BadRequestError, lambda: chat(model=name, messages=long), code="context_length_exceeded")
    assert any(word.isdigit() and int(word) > 10000 for word in str(error).split()), error
    raises(openai.BadRequestError, lambda: list(chat(model=name, messages=long, stream=True)))
    raises(openai.BadRequestError, lambda: api.embeddings.create(model=name, input="x"), param="model")


def long_questions_to_the_assistant_are_refused(server):
    error = raises(openai.BadRequestError, lambda: client(server).chat.completions.create(
        model="assistant", messages=[{"role": "user", "content": "周日收货吗？ " * 20000}]), code="context_length_exceeded")
    assert any(word.isdigit() and int(word) > 10000 for word in str(error).split()), error


def keys_are_wanted_and_revoked(_):
    with Server("--require-key", company=False, documents=False) as server:
        key = server.run("key", "create", "--label", "outside").strip()
        raises(openai.AuthenticationError, lambda: client(server, "sk-wrong").models.list(), code="invalid_api_key")
        assert [m.id for m in client(server, key).models.list()]
        identifier = json.loads(server.run("key", "list", "--json"))[0]["id"]
        server.run("key", "revoke", str(identifier))
        raises(openai.AuthenticationError, lambda: client(server, key).models.list())
        # The key itself is nowhere in the home.
        for path in server.home.rglob("*"):
            assert not path.is_file() or key.encode() not in path.read_bytes(), path


def a_full_queue_raises_rate_limit_error(server):
    name = writer(server)
    body = json.dumps(
        {"model": name, "prompt": "a", "max_tokens": 200, "ignore_eos": True, "stream": True}).encode()
    head = (f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    with contextlib.ExitStack() as stack:
        # 8 run and 64 wait at most. Leaving ends them.
        for _ in range(76):
            filler = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            filler.sendall(head + body)
        deadline = time.monotonic() + 20
        while metric(server, "pallet_requests_waiting") < 64:
            assert time.monotonic() < deadline, "the queue does not fill"
            time.sleep(0.02)
        raises(
            openai.RateLimitError,
            lambda: client(server).completions.create(model=name, prompt="a", max_tokens=1),
            code="queue_full")
    deadline = time.monotonic() + 20
    while metric(server, "pallet_requests_running") + metric(server, "pallet_requests_waiting") > 0:
        assert time.monotonic() < deadline, "answers whose clients left go on"
        time.sleep(0.1)


def metric(server, name):
    with urllib.request.urlopen(server.address + "/metrics") as response:
        lines = response.read().decode().splitlines()
    values = [float(line.split()[-1]) for line in lines if line.startswith(name) and not line.startswith("#")]
    assert values, f"no metric {name}"
    return sum(values)


def many_clients_get_what_one_gets(server):
    def say(number):
        return client(server).chat.completions.create(
            model=writer(server), messages=[{"role": "user", "content": f"Count to {number}."}], max_tokens=8,
            temperature=0).choices[0].message.content
    alone = [say(number) for number in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(say, range(4))) == alone


def stopping_finishes_running_answers(_):
    with Server(company=False, documents=False) as server:
        name = client(server).models.list().data[0].id
        chunks, started = [], threading.Event()

        def read():
            stream = client(server).completions.create(
                model=name, prompt="Once upon a time", max_tokens=60, temperature=0, stream=True,
                extra_body={"ignore_eos": True})
            for chunk in stream:
                chunks.append(chunk)
                started.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert started.wait(60)
        begin = time.monotonic()
        status = server.terminate()
        reader.join(20)
        assert chunks[-1].choices[0].finish_reason == "length", "the answer was cut off"
        assert status == 0, f"exit status {status}: {server.log()}"
        assert time.monotonic() - begin < 15
        try:
            urllib.request.urlopen(server.address + "/healthz", timeout=2)
        except urllib.error.URLError:
            return
        raise AssertionError("the server still answers")


def answers_of(server, head, body):
    """Sends a request on a connection of its own, all of it before reading; what comes back until the end."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head.format(length=len(body)).replace("\n", "\r\n").encode() + body)
        received = b""
        while part := connection.recv(1 << 16):
            received += part
        return received.decode()


def refusals_reach_clients_that_end_the_connection(server):
    head = "POST {path} HTTP/1.1\nHost: localhost\nConnection: close\nContent-Type: application/json\nContent-Length: {{length}}\n\n"
    body = b"x" * (24 << 20)
    for path, status, code in (("/v1/chat/completions", 413, "request_too_large"), ("/v1/models", 405, "method_not_allowed")):
        answer = answers_of(server, head.format(path=path), body)
        assert answer.startswith(f"HTTP/1.1 {status} ") and code in answer, answer[:400]


def clients_that_leave_end_their_answers_and_are_no_errors(server):
    lines = server.log().count("\n")
    body = json.dumps({
        "model": writer(server), "prompt": "a", "max_tokens": 200, "ignore_eos": True, "temperature": 0}).encode()
    streamed = body.replace(b"{", b'{"stream": true, ', 1)
    connections = []
    for content in (body, streamed) * 3:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        connection.sendall(
            f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        connections.append(connection)

    def running():
        with urllib.request.urlopen(server.address + "/metrics", timeout=30) as reply:
            text = reply.read().decode()
        return sum(float(line.split()[-1]) for line in text.splitlines()
                   if line.startswith(("pallet_requests_running", "pallet_requests_waiting")))
    deadline = time.monotonic() + 10
    while running() == 0 and time.monotonic() < deadline:
        pass
    for connection in connections:
        connection.close()
    left = time.monotonic()
    while running() > 0:
        assert time.monotonic() < left + 60, "answers go on for clients that left"
        time.sleep(0.02)
    assert server.log().count("\n") == lines, server.log()


def questions_stay_out_of_the_log(server):
    mark = "unmistakable-4711"
    client(server).chat.completions.create(
        model="assistant", messages=[{"role": "user", "content": mark + " 周日收货吗？"}])
    raises(openai.BadRequestError, lambda: client(server).chat.completions.create(
        model=writer(server), messages=[{"role": "user", "content": mark * 9000}]))
    assert mark not in server.log()


TESTS = [
    lists_models, chats, same_seed_gives_the_same_answer, streams_what_it_says_whole, completes,
    stops_at_stop_strings, reports_log_probabilities, assistant_answers_with_sources, assistant_streams_with_sources,
    assistant_refuses_with_the_hotline, long_questions_to_the_assistant_are_refused, errors_are_typed, many_clients_get_what_one_gets,
    refusals_reach_clients_that_end_the_connection, clients_that_leave_end_their_answers_and_are_no_errors,
    questions_stay_out_of_the_log, a_full_queue_raises_rate_limit_error, keys_are_wanted_and_revoked,
    stopping_finishes_running_answers,
]
