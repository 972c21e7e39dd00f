-- What wrk measured, as one line of JSON behind the word RESULT. No request or response hook, unless it is asked for: those slow the client.

-- Behind "--": a path with a number in it, as %04d, and how many numbers there are: each in turn.
function init(args)
  if not args[2] then return end
  local requests, count, n = {}, tonumber(args[2]), 0
  for i = 0, count - 1 do requests[i] = wrk.format("GET", string.format(args[1], i)) end
  request = function()
    n = (n + 1) % count
    return requests[n]
  end
end

function done(summary, latency, requests)
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f,"failed":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    latency.max / 1e3, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
