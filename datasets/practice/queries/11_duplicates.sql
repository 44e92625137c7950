-- Events of the same user, type and product at most five minutes after the one before, per day.
WITH beside AS (
    SELECT event_id, event_ts,
           lag(event_ts) OVER (PARTITION BY user_id, event_type, product_id ORDER BY event_ts, event_id) AS before
    FROM events
    WHERE user_id IS NOT NULL
)
SELECT CAST(event_ts AS DATE) AS day, count(*) AS duplicates
FROM beside
WHERE event_ts - before <= INTERVAL '5 minutes'
GROUP BY 1
ORDER BY 1;
