-- How often each user did what, one column per kind of event, for users who bought more than once.
SELECT user_id,
       sum(CASE WHEN event_type = 'view' THEN 1 ELSE 0 END) AS views,
       sum(CASE WHEN event_type = 'search' THEN 1 ELSE 0 END) AS searches,
       sum(CASE WHEN event_type = 'click' THEN 1 ELSE 0 END) AS clicks,
       sum(CASE WHEN event_type = 'cart' THEN 1 ELSE 0 END) AS carts,
       sum(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) AS purchases
FROM events
WHERE user_id IS NOT NULL
GROUP BY user_id
HAVING sum(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) > 1
ORDER BY user_id;
