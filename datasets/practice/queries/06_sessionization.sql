-- Sessions end where a user does nothing for more than 30 minutes: each user's sessions, events in them and seconds spent.
WITH flagged AS (
    SELECT user_id, event_id, event_ts,
           CASE WHEN event_ts - lag(event_ts) OVER (PARTITION BY user_id ORDER BY event_ts, event_id) <= INTERVAL '30 minutes'
                THEN 0 ELSE 1 END AS is_first
    FROM events
    WHERE user_id IS NOT NULL
), numbered AS (
    SELECT user_id, event_ts,
           sum(is_first) OVER (PARTITION BY user_id ORDER BY event_ts, event_id
                               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session_no
    FROM flagged
), sessions AS (
    SELECT user_id, session_no, count(*) AS events, EXTRACT(EPOCH FROM max(event_ts) - min(event_ts)) AS seconds
    FROM numbered
    GROUP BY user_id, session_no
)
SELECT events, count(*) AS sessions, sum(CAST(seconds AS BIGINT)) AS seconds
FROM sessions
GROUP BY events
ORDER BY events;
