-- Distinct users, and distinct buyers among them, per day.
SELECT CAST(event_ts AS DATE) AS day, count(DISTINCT user_id) AS users,
       count(DISTINCT CASE WHEN event_type = 'purchase' THEN user_id END) AS buyers
FROM events
GROUP BY 1
ORDER BY 1;
