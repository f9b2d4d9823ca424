-- wrk's side of benchmarks.load: puts a new number into each address, and sums up in one line.
local threads = 0

function setup(thread)
    thread:set("place", threads)
    threads = threads + 1
end

function init(args)
    local first = tonumber(args[1] or "0")
    numbered = string.find(wrk.path, "NUMBER", 1, true) ~= nil
    number = first + place * 100000
end

function request()
    if not numbered then
        return wrk.format()
    end
    number = number + 1
    return wrk.format("GET", (string.gsub(wrk.path, "NUMBER", string.format("%06d", number))))
end

function done(summary, latency, requests)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
    io.write(string.format("answers=%d us=%d failed=%d\n", summary.requests, summary.duration, failed))
end
