/* The in-process transport. One lock per receiver guards its incoming queues; credits are atomic counters. */
#include "exec/interconnect.h"

#include <pthread.h>

typedef struct Link {
    Message *first, **last;   /* guarded by the receiver's lock */
    uint64_t messages, bytes; /* guarded likewise; sent so far */
    _Atomic(int32_t) credit;
} Link;

typedef struct Receiver {
    pthread_mutex_t lock;
    uint32_t next_from; /* whose turn it is */
    uint32_t ended;     /* senders that are through */
    bool *has_ended;    /* per sender */
    _Atomic(bool) is_closed;
    Event arrived, room;
} Receiver;

struct Interconnect {
    uint32_t places;
    Link *links; /* [from × places + to] */
    Receiver *receivers;
    bool *ended_flags; /* what receivers' has_ended point into */
};

static Link *link_of(const Interconnect *net, uint32_t from, uint32_t to) {
    return &net->links[from * net->places + to];
}

Status interconnect_open(const Context *cx, uint32_t places, uint32_t credit, Interconnect **interconnect) {
    Interconnect *net;
    TRY_ALLOC_ZEROED(cx, net, sizeof *net);
    *interconnect = net;
    TRY_ALLOC_ZEROED(cx, net->links, sizeof *net->links * places * places);
    TRY_ALLOC_ZEROED(cx, net->ended_flags, sizeof *net->ended_flags * places * places);
    TRY_ALLOC_ZEROED(cx, net->receivers, sizeof *net->receivers * places);
    net->places = places;
    for (uint32_t i = 0; i < places; i++) {
        pthread_mutex_init(&net->receivers[i].lock, NULL);
        net->receivers[i].has_ended = &net->ended_flags[i * places];
    }
    for (uint32_t i = 0; i < places * places; i++) {
        net->links[i].last = &net->links[i].first;
        atomic_init(&net->links[i].credit, (int32_t)credit);
    }
    return OK;
}

static void drop_messages(Interconnect *net, uint32_t to) {
    for (uint32_t from = 0; from < net->places; from++) {
        Link *link = link_of(net, from, to);
        for (Message *message = link->first; message != NULL;) {
            Message *next = message->next;
            mem_free(message);
            message = next;
        }
        link->first = NULL;
        link->last = &link->first;
    }
}

void interconnect_free(Interconnect *net) {
    if (net == NULL) {
        return;
    }
    for (uint32_t i = 0; i < net->places; i++) {
        drop_messages(net, i);
        pthread_mutex_destroy(&net->receivers[i].lock);
    }
    mem_free(net->links);
    mem_free(net->ended_flags);
    mem_free(net->receivers);
    mem_free(net);
}

void interconnect_count(const Interconnect *net, uint64_t *messages, uint64_t *bytes) {
    *messages = *bytes = 0;
    for (uint32_t i = 0; net != NULL && i < net->places * net->places; i++) {
        bool is_between = i / net->places != i % net->places;
        *messages += is_between ? net->links[i].messages : 0;
        *bytes += is_between ? net->links[i].bytes : 0;
    }
}

bool interconnect_is_closed(const Interconnect *net, uint32_t to) {
    return atomic_load(&net->receivers[to].is_closed);
}

static bool take_one(Link *link) {
    int32_t credit = atomic_load(&link->credit);
    while (credit > 0 && !atomic_compare_exchange_weak(&link->credit, &credit, credit - 1)) {
    }
    return credit > 0;
}

static void put_back(Query *query, Interconnect *net, uint32_t from, uint32_t to) {
    atomic_fetch_add(&link_of(net, from, to)->credit, 1);
    event_fire(query, &net->receivers[to].room);
}

bool interconnect_take_credit(Task *task, Interconnect *net, uint32_t from, const bool *wanted) {
    for (uint32_t to = 0; to < net->places; to++) {
        if (!wanted[to]) {
            continue;
        }
        Receiver *receiver = &net->receivers[to];
        uint64_t generation = event_generation(&receiver->room);
        if (atomic_load(&receiver->is_closed) || take_one(link_of(net, from, to))) {
            continue;
        }
        event_wait(task, &receiver->room, generation);
        for (uint32_t taken = 0; taken < to; taken++) {
            if (wanted[taken]) {
                put_back(task->query, net, from, taken);
            }
        }
        return false;
    }
    return true;
}

void interconnect_send(Query *query, Interconnect *net, uint32_t from, uint32_t to, Message *message) {
    Receiver *receiver = &net->receivers[to];
    Link *link = link_of(net, from, to);
    message->from = from;
    message->next = NULL;
    pthread_mutex_lock(&receiver->lock);
    bool is_closed = atomic_load(&receiver->is_closed);
    link->messages++;
    link->bytes += mem_size(message);
    if (!is_closed) {
        *link->last = message;
        link->last = &message->next;
    }
    pthread_mutex_unlock(&receiver->lock);
    if (is_closed) {
        mem_free(message);
    } else {
        event_fire(query, &receiver->arrived);
    }
}

void interconnect_end(Query *query, Interconnect *net, uint32_t from) {
    for (uint32_t to = 0; to < net->places; to++) {
        Receiver *receiver = &net->receivers[to];
        pthread_mutex_lock(&receiver->lock);
        receiver->ended += !receiver->has_ended[from];
        receiver->has_ended[from] = true;
        pthread_mutex_unlock(&receiver->lock);
        event_fire(query, &receiver->arrived);
    }
}

/* With the receiver's lock held. */
static Message *take_from(Interconnect *net, uint32_t from, uint32_t to) {
    Link *link = link_of(net, from, to);
    Message *message = link->first;
    if (message != NULL) {
        link->first = message->next;
        link->last = link->first == NULL ? &link->first : link->last;
    }
    return message;
}

static Message *take_from_anyone(Interconnect *net, uint32_t to) {
    Receiver *receiver = &net->receivers[to];
    for (uint32_t i = 0; i < net->places; i++) {
        uint32_t from = (receiver->next_from + i) % net->places;
        Message *message = take_from(net, from, to);
        if (message != NULL) {
            receiver->next_from = (from + 1) % net->places;
            return message;
        }
    }
    return NULL;
}

Message *interconnect_receive(Task *task, Interconnect *net, uint32_t to, uint32_t from, uint32_t senders, bool *over) {
    Receiver *receiver = &net->receivers[to];
    uint64_t generation = event_generation(&receiver->arrived);
    bool from_anyone = from == UINT32_MAX;
    pthread_mutex_lock(&receiver->lock);
    Message *message = from_anyone ? take_from_anyone(net, to) : take_from(net, from, to);
    *over = message == NULL &&
            (atomic_load(&receiver->is_closed) || (from_anyone ? receiver->ended == senders : receiver->has_ended[from]));
    pthread_mutex_unlock(&receiver->lock);
    if (message != NULL) {
        put_back(task->query, net, message->from, to);
    } else if (!*over) {
        event_wait(task, &receiver->arrived, generation);
    }
    return message;
}

void interconnect_close(Query *query, Interconnect *net, uint32_t to) {
    Receiver *receiver = &net->receivers[to];
    pthread_mutex_lock(&receiver->lock);
    atomic_store(&receiver->is_closed, true);
    drop_messages(net, to);
    pthread_mutex_unlock(&receiver->lock);
    event_fire(query, &receiver->room);
    event_fire(query, &receiver->arrived);
}
