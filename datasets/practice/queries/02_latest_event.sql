-- The latest event of each user; of two at the same moment, the one with the higher id.
SELECT user_id, event_id, event_type, event_ts
FROM (
    SELECT user_id, event_id, event_type, event_ts,
           row_number() OVER (PARTITION BY user_id ORDER BY event_ts DESC, event_id DESC) AS nth
    FROM events
    WHERE user_id IS NOT NULL
) newest
WHERE nth = 1
ORDER BY user_id;
